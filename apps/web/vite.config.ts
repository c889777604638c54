import ui from '@nuxt/ui/vite';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds the server; the built app is served by the server itself. */
const SERVER = 'http://127.0.0.1:7800';

export default defineConfig({
  plugins: [
    vue(),
    ui({
      autoImport: false,
      components: false,
      colorMode: false,
      // Icons are named in templates and in the code beside them; what is not bundled would be asked of another origin.
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{ts,vue}'] } } },
      ui: {
        colors: { primary: 'petrol', neutral: 'mist', error: 'crimson', warning: 'ochre' },
        button: { slots: { base: 'font-medium cursor-pointer' }, defaultVariants: { size: 'sm' } },
        input: { defaultVariants: { size: 'sm' } },
      },
    }),
  ],
  define: {
    __VUE_OPTIONS_API__: true,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { target: SERVER, ws: true, changeOrigin: false },
      // SAML providers send people back here by POST.
      '/sign-in/saml': {
        target: SERVER,
        changeOrigin: false,
        bypass: request => (request.method === 'POST' ? undefined : request.url),
      },
    },
  },
});
