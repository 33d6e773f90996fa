// name: metrics/drop_alerts(ids)
// Forget alerts that have been sent.
// param ids: list[str]   ids of alerts
// returns: nothing
// cost: one index seek an alert
// browser: :param ids => ['m1 opened']
UNWIND $ids AS id
MATCH (a:Alert {id: id}) DELETE a;
