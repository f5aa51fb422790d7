/**
 * How a run ends from inside a host call: thrown through the guest, caught by whoever started it.
 * Not an Error: no stack is taken, so leaving a guest by `proc_exit` stays cheap.
 */

/** `exit`: the guest asked; `wall`: its time is over; `output`: it wrote more than it may. */
export type StopKind = 'exit' | 'wall' | 'output';

export class GuestStop {
  readonly kind: StopKind;
  /** `proc_exit`'s argument; 0 for the other kinds. */
  readonly code: number;

  constructor(kind: StopKind, code: number) {
    this.kind = kind;
    this.code = code;
  }
}
