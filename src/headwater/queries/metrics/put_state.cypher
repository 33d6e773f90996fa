// name: metrics/put_state(id, said)
// Keep the sums of a window.
// param id: str   id of the window
// param said: str   the sums and what they are of, as JSON
// returns: nothing
// cost: one index seek and one write
// browser: :param id => 'w1'
// browser: :param said => '{}'
MERGE (w:WindowState {id: $id}) SET w.said = $said;
