-- What a segment asks for: each product's share of the segment's applications in an hour, products asked for by
-- nobody included.
SELECT
  window_start,
  window_end,
  segment,
  p.product,
  p.applications,
  p.applications / segment_applications AS share_of_segment
FROM (
  SELECT
    window.start AS window_start,
    window.end AS window_end,
    segment,
    count(*) AS segment_applications,
    count_if(product = 'personal') AS personal,
    count_if(product = 'auto') AS auto,
    count_if(product = 'mortgage') AS mortgage,
    count_if(product = 'student') AS student,
    count_if(product = 'small_business') AS small_business,
    count_if(product = 'credit_card') AS credit_card
  FROM segments
  GROUP BY window(event_time, '1 hour'), segment
)
LATERAL VIEW explode(array(
  named_struct('product', 'personal', 'applications', personal),
  named_struct('product', 'auto', 'applications', auto),
  named_struct('product', 'mortgage', 'applications', mortgage),
  named_struct('product', 'student', 'applications', student),
  named_struct('product', 'small_business', 'applications', small_business),
  named_struct('product', 'credit_card', 'applications', credit_card)
)) products AS p
