import { addAPIProvider } from '@iconify/vue';

// Icons are bundled. Without this an icon that is missing would be asked of a public service.
addAPIProvider('', { resources: [] });
