export { outlineAttackSurface } from './attack-surface.ts';
export { collectNames, readTrees } from './names.ts';
export { projectOfData } from './data.ts';
export { countSeverities, groupFindings, orderFindings, severityOfFinding } from './order.ts';
export type { Cell, Chapter, Fact, OutlineBlock, OutlineLabels, ReportOutline } from './outline.ts';
export { outlineLabels } from './labels.ts';
export { ENGLISH_LABELS } from './outline.ts';
export { fieldBlocks, outlineProject } from './project.ts';
