// Runs before the first paint, so that a chosen dark theme does not flash white. The app keeps it in step afterwards.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('glacis.theme') ?? 'system';
  } catch {
    // Storage is switched off: the system decides.
  }
  const isDark =
    choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
})();
