/** A publisher whose topics are arrays, and which can die at each of its moments. */
import type { Publication, Published, Publisher } from "../../../../src/publish/publisher.ts";

/** As somebody who reads what is committed sees them. */
export interface Topics {
  published: Published | null;
  readonly publications: Publication[];
}

/** in begin: before the store's commit; in publish: after it; published: behind what is certain; in look: between commits. */
export type Moment = "in begin" | "in publish" | "published" | "in look";

export interface MemoryPublisher extends Publisher {
  /** From then on nothing can be done any more. */
  dieAt: Moment | null;
}

export function memoryPublisher(topics: Topics): MemoryPublisher {
  let isDead = false;

  function reach(moment: Moment): void {
    if (publisher.dieAt === moment) isDead = true;
    if (isDead) throw new Error(`killed: ${moment}`);
  }

  const publisher: MemoryPublisher = {
    dieAt: null,
    get published() {
      return topics.published;
    },
    begin: async () => reach("in begin"),
    async publish(publication) {
      reach("in publish");
      const { seq, positions, triggered } = publication;
      topics.publications.push(publication);
      topics.published = { storeId: "the store's", seq, positions, triggered };
      reach("published");
    },
    look: async () => reach("in look"),
    close: async () => {},
  };
  return publisher;
}
