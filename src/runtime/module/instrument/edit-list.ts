/** Where what is inserted, for all functions of a module, in the order of places. */

/** What is inserted at a place. */
export const EDIT = {
  /** A check of the edit's value. */
  check: 0,
  /** A call follows that counts the value. */
  beforeCall: 1,
  afterCall: 2,
  /** An instruction follows that leaves the function, and counts the value. */
  leave: 3,
  /** A bulk instruction follows, with how many bytes or entries on top of the stack. */
  meter: 4,
} as const;

const KIND_BITS = 3;
const KIND_MASK = 7;

export class EditList {
  length = 0;
  #places = new Int32Array(1024);
  /** Value and kind. */
  #what = new Int32Array(1024);

  /** `place`: offset into the module. Gives the edit's own index. */
  add(place: number, kind: number, value: number): number {
    const at = this.length++;
    if (at === this.#places.length) this.#grow();
    this.#places[at] = place;
    this.#what[at] = (value << KIND_BITS) | kind;
    return at;
  }

  setValue(index: number, value: number): void {
    this.#what[index] = (value << KIND_BITS) | this.kind(index);
  }

  place(index: number): number {
    return this.#places[index] as number;
  }

  kind(index: number): number {
    return (this.#what[index] as number) & KIND_MASK;
  }

  value(index: number): number {
    return (this.#what[index] as number) >> KIND_BITS;
  }

  #grow(): void {
    const places = new Int32Array(this.length * 2);
    places.set(this.#places);
    this.#places = places;
    const what = new Int32Array(this.length * 2);
    what.set(this.#what);
    this.#what = what;
  }
}
