import { ref, watch, type Ref } from 'vue';
import { useRoute } from 'vue-router';
import { linkSecret, type LinkPurpose } from './link-secret.ts';

/** The secret of the one-time link that the page was opened with; empty without one. It follows a link that is opened anew. */
export function useLinkSecret(purpose: LinkPurpose): Ref<string> {
  const route = useRoute();
  const secret = ref(linkSecret(purpose, route.hash));
  watch(
    () => route.hash,
    hash => {
      if (hash !== '') secret.value = linkSecret(purpose, hash);
    },
  );
  return secret;
}
