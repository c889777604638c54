import { ref, watchEffect } from 'vue';

/** The themes to choose from; `system` follows the device. */
export const themes = ['system', 'light', 'dark'] as const;
/** One of {@link themes}. */
export type Theme = (typeof themes)[number];

const KEY = 'glacis.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  try {
    return themes.find(theme => theme === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

/** The chosen theme. Setting it changes the page and is remembered in this browser. */
export const theme = ref<Theme>(stored());

function apply(): void {
  const isDark = theme.value === 'dark' || (theme.value === 'system' && system.matches);
  document.documentElement.classList.toggle('dark', isDark);
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
}

/** Keeps the page in the chosen theme from now on. */
export function followTheme(): void {
  system.addEventListener('change', apply);
  watchEffect(() => {
    apply();
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      // Storage is switched off: the choice lasts until the page is closed.
    }
  });
}
