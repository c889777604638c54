/** Name of the session cookie. */
const NAME = 'glacis_session';
const MAX_AGE_SECONDS = 14 * 86_400;

/** The session secret of a Cookie header, if there is one. */
export function readCookie(header: string | undefined): string | undefined {
  for (const part of (header ?? '').slice(0, 8192).split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === NAME && value && /^[\w-]{20,100}$/.test(value)) return value;
  }
  return undefined;
}

/** A Set-Cookie header that starts a session, or ends it when there is no secret. */
export function sessionCookie(secret: string | undefined, isSecure: boolean): string {
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', `Max-Age=${secret ? MAX_AGE_SECONDS : 0}`];
  if (isSecure) attributes.push('Secure');
  return [`${NAME}=${secret ?? ''}`, ...attributes].join('; ');
}
