-- As kind_shares, but while the window is open.
SELECT window_start, window_end, seen.kind AS kind, seen.of_kind AS of_kind
FROM kind_counts
LATERAL VIEW explode(array(
  named_struct('kind', 'a', 'of_kind', a),
  named_struct('kind', 'b', 'of_kind', b)
)) s AS seen
WHERE seen.of_kind > 0
