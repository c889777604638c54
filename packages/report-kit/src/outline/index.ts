export { outlineAttackSurface } from './attack-surface.ts';
export type { Named } from './names.ts';
export { collectNames, readTrees } from './names.ts';
export { projectOfData } from './data.ts';
export { countSeverities, groupFindings, orderFindings, severityOfFinding } from './order.ts';
export type {
  Cell,
  ChartItem,
  Chapter,
  Fact,
  OutlineBlock,
  OutlineLabels,
  ReportOutline,
} from './outline.ts';
export { outlineLabels } from './labels.ts';
export { ENGLISH_LABELS } from './outline.ts';
export type { OutlineOptions } from './project.ts';
export { outlineProject } from './project.ts';
export { translateFields } from './translate.ts';
