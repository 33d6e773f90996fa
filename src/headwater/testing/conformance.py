"""The contract of a store as suites to inherit. A backend joins with a fixture that sets `self.backend`."""

from __future__ import annotations

from headwater.testing.answers import QuestionRules, WalkRules
from headwater.testing.erasures import DeletionBackend, DeletionRules, ErasureRules
from headwater.testing.rules import BindingRules, MergingRules
from headwater.testing.surveys import SurveyRules


class StoreConformance(BindingRules, MergingRules, ErasureRules, WalkRules, QuestionRules):
    """Every rule of the semantics; inherit and give `backend`."""


class DeletionConformance(DeletionRules, SurveyRules, StoreConformance):
    """The same for a DeletionStore, and what it adds."""

    backend: DeletionBackend
