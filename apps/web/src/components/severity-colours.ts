import type { Severity } from '@glacis/contract';

/** Background class of each severity. */
export const severityFill: Readonly<Record<Severity, string>> = {
  critical: 'bg-sev-critical',
  high: 'bg-sev-high',
  medium: 'bg-sev-medium',
  low: 'bg-sev-low',
  info: 'bg-sev-info',
};

/** Colour of each severity for SVG. */
export const severityPaint: Readonly<Record<Severity, string>> = {
  critical: 'var(--sev-critical)',
  high: 'var(--sev-high)',
  medium: 'var(--sev-medium)',
  low: 'var(--sev-low)',
  info: 'var(--sev-info)',
};

/** Colour class of a left edge for each severity. */
export const severityEdge: Readonly<Record<Severity, string>> = {
  critical: 'border-l-sev-critical',
  high: 'border-l-sev-high',
  medium: 'border-l-sev-medium',
  low: 'border-l-sev-low',
  info: 'border-l-sev-info',
};
