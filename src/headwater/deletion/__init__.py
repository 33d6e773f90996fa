"""Deletion: what derives from a subject's data, what must be rerun before it goes, and proof that it is gone."""

from headwater.deletion.chain import audited
from headwater.deletion.conducting import Outcome
from headwater.deletion.face import Deletions
from headwater.deletion.removers import Removal
from headwater.deletion.rerunners import Task
from headwater.deletion.verification import Verification
from headwater.deletion.webhook import Webhook

__all__ = ["Deletions", "Outcome", "Removal", "Task", "Verification", "Webhook", "audited"]
