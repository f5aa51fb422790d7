/** A bounded first-in first-out ring of times: numbers only, nothing allocated after construction. */
export class TimeQueue {
  readonly #ring: Float64Array;
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#ring = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The oldest; NaN when empty. */
  get first(): number {
    return this.#length === 0 ? Number.NaN : (this.#ring[this.#head] ?? Number.NaN);
  }

  /** False when full. */
  push(value: number): boolean {
    if (this.#length === this.#ring.length) return false;
    this.#ring[(this.#head + this.#length) % this.#ring.length] = value;
    this.#length++;
    return true;
  }

  /** Takes the oldest; NaN when empty. */
  shift(): number {
    const value = this.first;
    if (this.#length === 0) return value;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#length--;
    return value;
  }
}
