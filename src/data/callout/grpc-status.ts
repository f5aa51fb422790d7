/** gRPC status codes that are made here, and how an answer of HTTP becomes one. */

export const STATUS_OK = 0;
export const STATUS_UNKNOWN = 2;
export const STATUS_RESOURCE_EXHAUSTED = 8;
export const STATUS_INTERNAL = 13;
export const STATUS_UNAVAILABLE = 14;

/** gRPC's "HTTP to gRPC status code mapping". */
const OF_HTTP: Readonly<Record<number, number>> = {
  400: STATUS_INTERNAL,
  401: 16,
  403: 7,
  404: 12,
  429: STATUS_UNAVAILABLE,
  502: STATUS_UNAVAILABLE,
  503: STATUS_UNAVAILABLE,
  504: STATUS_UNAVAILABLE,
};

export function statusOfHttp(status: number): number {
  return OF_HTTP[status] ?? STATUS_UNKNOWN;
}

/** The number in `grpc-status`; null where there is none that is valid. */
export function readStatus(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

/** `grpc-message`, whose bytes may be written as `%XX`; broken escapes stay as they are. */
export function readMessage(text: string | undefined): string {
  if (text === undefined) return '';
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
