-- An unpivot above the aggregate.
SELECT window_start, window_end, share.kind AS kind, share.of_kind AS of_kind, share.of_kind / events AS share
FROM kind_counts
LATERAL VIEW explode(array(
  named_struct('kind', 'a', 'of_kind', a),
  named_struct('kind', 'b', 'of_kind', b)
)) s AS share
WHERE share.of_kind > 0
