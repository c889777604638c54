import './api/parser.ts';
import './shell/icons.ts';
import './style.css';
import ui from '@nuxt/ui/vue-plugin';
import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import App from './app.vue';
import { isOfPolicy, isSignedOut } from './api/api-error.ts';
import { createQueryClient } from './api/query-client.ts';
import { sessionQuery } from './api/session.ts';
import { i18n } from './i18n/index.ts';
import { createAppRouter } from './router.ts';
import { followTheme } from './shell/theme.ts';

const queryClient = createQueryClient(error => {
  const route = router.currentRoute.value;
  if (isOfPolicy(error)) {
    void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey });
    void router.push({
      name: 'security',
      query: { tenant: String(route.params['tenant']), next: route.fullPath },
    });
    return;
  }
  if (!isSignedOut(error) || route.meta.isPublic) return;
  queryClient.clear();
  void router.push({ name: 'sign-in', query: { next: route.fullPath } });
});
const router = createAppRouter(queryClient);

followTheme();
createApp(App).use(i18n).use(router).use(VueQueryPlugin, { queryClient }).use(ui).mount('#app');
