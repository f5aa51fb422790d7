/** Why a format a user wrote cannot be used; one sentence with its remedy. */
export interface FormatError {
  readonly error: string;
}

export function isFormatError(value: object): value is FormatError {
  return 'error' in value;
}
