// name: metrics/state(id)
// The sums of a window as they were last computed; no row when they never were.
// param id: str   id of the window
// returns: said json
// cost: one index seek
// browser: :param id => 'w1'
MATCH (w:WindowState {id: $id}) RETURN w.said AS said;
