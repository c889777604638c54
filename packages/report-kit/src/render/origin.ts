/** The page's address: `.invalid` never resolves (RFC 2606), so nothing outside can answer for it. */
export const ORIGIN = 'https://report.invalid';
