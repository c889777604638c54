/** Why an archive was refused. */
export type ArchiveErrorCode =
  | 'not-an-archive'
  | 'archive-damaged'
  | 'archive-empty'
  | 'archive-too-large'
  | 'archive-bomb'
  | 'too-many-members'
  | 'member-too-large'
  | 'member-name'
  | 'member-kind'
  | 'member-twice'
  | 'json-invalid'
  | 'format-unknown'
  | 'format-invalid'
  | 'file-missing'
  | 'folder-invalid';

/** Thrown when an archive or folder cannot be read: nothing of it was taken over. The message says what to do. */
export class ArchiveError extends Error {
  readonly code: ArchiveErrorCode;
  /** The member or file at fault. */
  readonly member: string | undefined;

  constructor(code: ArchiveErrorCode, text: string, member?: string) {
    super(text);
    this.name = 'ArchiveError';
    this.code = code;
    this.member = member;
  }
}
