import type { Places } from './places.ts';

/** An item of a list with places in its items. */
export interface ItemSpan {
  readonly start: number;
  readonly end: number;
  readonly places: Places;
  /** Indices of the first text in it, and of the first text after it. */
  readonly firstText: number;
  readonly endText: number;
}

/** As many items as a request may have. */
const MAX_SPANS = 10_000;

/** What a scan knows of the items of lists with places in their items. */
export class JsonItems {
  count = 0;
  /** Of the first items, in their order. */
  readonly spans: ItemSpan[] = [];
  /** Values outside of the texts in the item with the most of them. */
  mostValues = 0;
  #start = 0;
  #firstText = 0;
  #valuesBefore = 0;

  /** @param texts number of texts so far. @param values number of values outside of the texts so far. */
  begin(start: number, texts: number, values: number): void {
    this.#start = start;
    this.#firstText = texts;
    this.#valuesBefore = values;
  }

  /** Gives the number of values without those of the item. */
  end(end: number, places: Places, texts: number, values: number): number {
    this.count += 1;
    if (this.count <= MAX_SPANS) {
      this.spans.push({ start: this.#start, end, places, firstText: this.#firstText, endText: texts });
    }
    this.mostValues = Math.max(this.mostValues, values - this.#valuesBefore);
    return this.#valuesBefore;
  }

  /** Whether `spans` has all of them. */
  get areAllKnown(): boolean {
    return this.count === this.spans.length;
  }
}
