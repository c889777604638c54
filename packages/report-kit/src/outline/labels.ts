import { ENGLISH_LABELS } from './outline.ts';
import type { OutlineLabels } from './outline.ts';

const OTHERS: Readonly<Record<string, OutlineLabels>> = {
  de: {
    contents: 'Inhalt',
    figure: 'Abbildung',
    table: 'Tabelle',
    listing: 'Listing',
    findings: 'Befunde',
    finding: 'Befund',
    severity: 'Schweregrad',
    score: 'Wert',
    page: 'Seite',
    noFindings: 'Es wurde nichts gefunden.',
    authors: 'Verfasst von',
    severities: { critical: 'Kritisch', high: 'Hoch', medium: 'Mittel', low: 'Niedrig', info: 'Hinweis' },
  },
  fr: {
    contents: 'Sommaire',
    figure: 'Figure',
    table: 'Tableau',
    listing: 'Extrait',
    findings: 'Constats',
    finding: 'Constat',
    severity: 'Gravité',
    score: 'Score',
    page: 'Page',
    noFindings: 'Rien n’a été constaté.',
    authors: 'Auteurs',
    severities: {
      critical: 'Critique',
      high: 'Élevée',
      medium: 'Moyenne',
      low: 'Faible',
      info: 'Information',
    },
  },
  es: {
    contents: 'Índice',
    figure: 'Figura',
    table: 'Tabla',
    listing: 'Listado',
    findings: 'Hallazgos',
    finding: 'Hallazgo',
    severity: 'Gravedad',
    score: 'Puntuación',
    page: 'Página',
    noFindings: 'No se encontró nada.',
    authors: 'Autores',
    severities: { critical: 'Crítica', high: 'Alta', medium: 'Media', low: 'Baja', info: 'Informativa' },
  },
};

/** The words of an outline in a language (BCP 47); English where there are none. */
export function outlineLabels(language: string): OutlineLabels {
  return OTHERS[language.split('-')[0]?.toLowerCase() ?? ''] ?? ENGLISH_LABELS;
}
