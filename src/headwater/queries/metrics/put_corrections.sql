-- name: metrics/put_corrections(rows)
-- Keep how these rows stood from the change `since` until the change `position`, for windows that have counted them so.
-- param rows: rows{series: str, position: int, since: int, place: str, output: str, label: str}
-- returns: nothing
-- cost: one write a row
-- browser: :param rows => [{series: '5f0c', position: 7, since: 3, place: '2026-01-01T00:00:00.000000Z a1', output: 'true', label: 'false'}]
INSERT INTO correction(series, position, since, place, output, label)
VALUES (:series, :position, :since, :place, :output, :label);
