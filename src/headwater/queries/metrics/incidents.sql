-- name: metrics/incidents(state, most)
-- Open or closed incidents of all components, the one that opened last first.
-- param state: str   open or closed
-- param most: int   how many
-- returns: said json
-- order: place descending
-- cost: one index seek, then those incidents
-- browser: :param state => 'open'
-- browser: :param most => 50
SELECT i.said FROM incident AS i WHERE i.state = :state ORDER BY i.place DESC LIMIT :most;
