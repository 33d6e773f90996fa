// name: metrics/claim(ids, until)
// Keep these alerts from others until a time, while they are being sent.
// param ids: list[str]   ids of alerts
// param until: str   the time
// returns: nothing
// cost: one index seek and one write an alert
// browser: :param ids => ['m1 opened']
// browser: :param until => '2026-01-01T00:10:00.000000Z'
UNWIND $ids AS id
MATCH (a:Alert {id: id}) SET a.claimed_until = $until;
