import type { Design } from './design.ts';

/** A design without anything in it, for tests to add what they are about. */
export const EMPTY_DESIGN: Design = {
  id: 'test',
  name: 'Test',
  description: '',
  language: 'en',
  data: '',
  titlePath: '',
  authorPath: '',
  template: '',
  style: '',
  partials: {},
  labels: {},
  assets: new Map(),
  sample: null,
};
