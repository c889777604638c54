import { SEVERITIES } from '../scores/index.ts';
import type { Severity } from '../scores/index.ts';
import { ENGLISH_LABELS } from './outline.ts';
import type { OutlineLabels } from './outline.ts';

const OTHERS: Readonly<Record<string, OutlineLabels>> = {
  de: {
    contents: 'Inhalt',
    figure: 'Abbildung',
    table: 'Tabelle',
    colon: ': ',
    listing: 'Listing',
    findings: 'Befunde',
    finding: 'Befund',
    bySeverity: 'Befunde nach Schweregrad',
    number: 'Nr.',
    severity: 'Schweregrad',
    score: 'Wert',
    vector: 'CVSS-Vektor',
    page: 'Seite',
    noFindings: 'Es wurde nichts gefunden.',
    authors: 'Verfasst von',
    yes: 'Ja',
    no: 'Nein',
    severities: { critical: 'Kritisch', high: 'Hoch', medium: 'Mittel', low: 'Niedrig', info: 'Hinweis' },
  },
  fr: {
    contents: 'Sommaire',
    figure: 'Figure',
    table: 'Tableau',
    colon: '\u00A0: ',
    listing: 'Extrait',
    findings: 'Constats',
    finding: 'Constat',
    bySeverity: 'Constats par sévérité',
    number: 'N°',
    severity: 'Sévérité',
    score: 'Score',
    vector: 'Vecteur CVSS',
    page: 'Page',
    noFindings: 'Rien n’a été constaté.',
    authors: 'Auteurs',
    yes: 'Oui',
    no: 'Non',
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
    colon: ': ',
    listing: 'Listado',
    findings: 'Hallazgos',
    finding: 'Hallazgo',
    bySeverity: 'Hallazgos por gravedad',
    number: 'N.º',
    severity: 'Gravedad',
    score: 'Puntuación',
    vector: 'Vector CVSS',
    page: 'Página',
    noFindings: 'No se encontró nada.',
    authors: 'Autores',
    yes: 'Sí',
    no: 'No',
    severities: { critical: 'Crítica', high: 'Alta', medium: 'Media', low: 'Baja', info: 'Informativa' },
  },
};

/** Words that a design has under a key of its own. */
const OF_DESIGN = {
  contents: 'contents',
  findings: 'findings',
  finding: 'finding',
  number: 'no',
  severity: 'severity',
  vector: 'vector',
  page: 'page',
  noFindings: 'findings.none',
} as const satisfies Partial<Record<keyof OutlineLabels, string>>;

/** The words of an outline in a language (BCP 47), those of its design before ours; English where there are none. */
export function outlineLabels(
  language: string,
  ofDesign: Readonly<Record<string, string>> = {},
): OutlineLabels {
  const ours = OTHERS[language.split('-')[0]?.toLowerCase() ?? ''] ?? ENGLISH_LABELS;
  const theirs = Object.entries(OF_DESIGN).flatMap(([name, key]) =>
    ofDesign[key] === undefined ? [] : [[name, ofDesign[key]]],
  );
  const severities = SEVERITIES.map(severity => [
    severity,
    ofDesign[`severity.${severity}`] ?? ours.severities[severity],
  ]);
  return {
    ...ours,
    ...(Object.fromEntries(theirs) as Partial<OutlineLabels>),
    severities: Object.fromEntries(severities) as Record<Severity, string>,
  };
}
