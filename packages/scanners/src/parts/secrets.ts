/** `password: …`, `"apiKey": "…"`, `DB_PASSWORD=…`: the name stays, the value goes. All repetitions are bounded. */
const SETTING =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)[\w.-]{0,40}["']?[ \t]{0,5}[:=][ \t]{0,5}["']?)([^\s"',;&<>]{1,500})/gi;
const PRIVATE_KEY =
  /(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]{0,20000}(-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g;
/** `scheme://user:password@host`. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/"']{1,100}:)[^\s@/"']{1,200}(?=@)/gi;
const CLOUD_KEY = /\b(AKIA|ASIA|ghp_|gho_|xox[abp]-|sk_live_)[A-Za-z0-9_-]{8,100}/g;

/** Text without the values of what looks like passwords and keys: a report must not carry the secrets it warns of. */
export function withoutSecrets(text: string): string {
  return text
    .replace(PRIVATE_KEY, '$1…$2')
    .replace(SETTING, '$1…')
    .replace(URL_PASSWORD, '$1…')
    .replace(CLOUD_KEY, '$1…');
}
