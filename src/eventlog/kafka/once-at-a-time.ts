/** Questions that many ask at once, asked once. */

/** Each call resolves with an answer to a question that was begun after it; one is under way at a time. */
export function onceAtATime<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | null = null;
  let next: Promise<Answer> | null = null;

  function begin(): Promise<Answer> {
    const asked = ask().finally(() => {
      underWay = null;
    });
    underWay = asked;
    return asked;
  }

  return () => {
    if (underWay === null) return begin();
    next ??= underWay
      .catch(() => {})
      .then(() => {
        next = null;
        return begin();
      });
    return next;
  };
}
