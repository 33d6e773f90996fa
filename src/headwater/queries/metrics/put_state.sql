-- name: metrics/put_state(id, said)
-- Keep the sums of a window.
-- param id: str   id of the window
-- param said: str   the sums and what they are of, as JSON
-- returns: nothing
-- cost: one index seek and one write
-- browser: :param id => 'w1'
-- browser: :param said => '{}'
INSERT INTO window_state(id, said) VALUES (:id, :said) ON CONFLICT(id) DO UPDATE SET said = excluded.said;
