/** Where a sign of a product shows: a header, a cookie's name, a meta element, a script's address or the page itself. */
export type Sign =
  | { readonly in: 'header'; readonly name: string; readonly pattern?: RegExp }
  | { readonly in: 'cookie'; readonly name: RegExp }
  | { readonly in: 'meta'; readonly name: string; readonly pattern: RegExp }
  | { readonly in: 'script'; readonly pattern: RegExp }
  | { readonly in: 'body'; readonly pattern: RegExp };

/** A product and the signs of it; one is enough. The first group of a pattern, where there is one, is the version. */
export interface Fingerprint {
  readonly product: string;
  readonly signs: readonly Sign[];
}

const VERSION = '([0-9]{1,5}(?:\\.[0-9]{1,6}){0,4})';

function header(name: string, pattern?: RegExp): Sign {
  return pattern ? { in: 'header', name, pattern } : { in: 'header', name };
}
function generator(word: string): Sign {
  return { in: 'meta', name: 'generator', pattern: new RegExp(`^${word}(?: ${VERSION})?`, 'i') };
}
/** A script file named `stem-1.2.3.min.js`, `stem.js?ver=1.2.3`, `stem@1.2.3/…` or `stem/1.2.3/…`. */
function script(stem: string): Sign {
  const name = `(?:^|/)${stem}`;
  return { in: 'script', pattern: new RegExp(`${name}(?:[-.@/]${VERSION})?(?:[-./@?]|$)`, 'i') };
}
function cookie(name: RegExp): Sign {
  return { in: 'cookie', name };
}
function body(pattern: RegExp): Sign {
  return { in: 'body', pattern };
}

/**
 * Products told by what they send beside the `Server` and `X-Powered-By` headers, which are read as product tokens. Patterns
 * have no nested repetition and run over bounded text.
 */
export const fingerprints: readonly Fingerprint[] = [
  { product: 'wordpress', signs: [generator('WordPress'), body(/\/wp-(?:content|includes)\//)] },
  {
    product: 'drupal',
    signs: [generator('Drupal'), header('x-drupal-cache'), header('x-drupal-dynamic-cache')],
  },
  { product: 'joomla', signs: [generator('Joomla!?')] },
  { product: 'typo3', signs: [generator('TYPO3(?: CMS)?'), body(/\/typo3(?:conf|temp)\//)] },
  { product: 'ghost', signs: [generator('Ghost')] },
  { product: 'hugo', signs: [generator('Hugo')] },
  { product: 'jekyll', signs: [generator('Jekyll(?: v)?')] },
  { product: 'gatsby', signs: [generator('Gatsby'), body(/id="___gatsby"/)] },
  { product: 'mediawiki', signs: [generator('MediaWiki')] },
  { product: 'dokuwiki', signs: [generator('DokuWiki'), cookie(/^DokuWiki$/i)] },
  { product: 'discourse', signs: [generator('Discourse'), header('x-discourse-route')] },
  { product: 'phpbb', signs: [cookie(/^phpbb3_/i)] },
  { product: 'prestashop', signs: [generator('PrestaShop'), cookie(/^PrestaShop-/)] },
  { product: 'shopify', signs: [header('x-shopid'), header('x-shopify-stage'), body(/cdn\.shopify\.com\//)] },
  { product: 'magento', signs: [header('x-magento-vary'), body(/\/static\/version[0-9]+\/frontend\//)] },
  { product: 'woocommerce', signs: [generator('WooCommerce'), body(/\/plugins\/woocommerce\//)] },
  { product: 'wix', signs: [generator('Wix\\.com'), header('x-wix-request-id')] },
  { product: 'squarespace', signs: [body(/static1\.squarespace\.com\//)] },
  { product: 'django', signs: [cookie(/^csrftoken$/), body(/name="csrfmiddlewaretoken"/)] },
  { product: 'laravel', signs: [cookie(/^laravel_session$/i)] },
  {
    product: 'ruby-on-rails',
    signs: [header('x-runtime', /^[0-9.]+$/), body(/name="csrf-param" content="authenticity_token"/)],
  },
  { product: 'spring-boot', signs: [header('x-application-context'), body(/Whitelabel Error Page/)] },
  { product: 'next.js', signs: [header('x-nextjs-cache'), body(/id="__NEXT_DATA__"/)] },
  { product: 'nuxt', signs: [body(/id="__NUXT(?:_DATA)?__"/)] },
  { product: 'angular', signs: [body(/ng-version="([0-9]{1,3}(?:\.[0-9]{1,4}){0,3})"/)] },
  { product: 'angularjs', signs: [script('angular(?:\\.min)?')] },
  { product: 'react', signs: [script('react(?:-dom)?'), body(/data-reactroot/)] },
  { product: 'vue', signs: [script('vue'), body(/ data-v-app[ >=]/)] },
  { product: 'svelte', signs: [body(/ class="svelte-[a-z0-9]{4,10}/)] },
  { product: 'jquery', signs: [script('jquery')] },
  { product: 'jquery-ui', signs: [script('jquery-ui')] },
  { product: 'bootstrap', signs: [script('bootstrap(?:\\.bundle)?')] },
  { product: 'lodash', signs: [script('lodash')] },
  { product: 'moment.js', signs: [script('moment')] },
  { product: 'd3', signs: [script('d3')] },
  { product: 'htmx', signs: [script('htmx(?:\\.org)?')] },
  { product: 'jenkins', signs: [header('x-jenkins', /^([0-9.]{1,20})$/)] },
  { product: 'gitlab', signs: [cookie(/^_gitlab_session$/), body(/content="GitLab"/)] },
  { product: 'gitea', signs: [cookie(/^i_like_gitea$/)] },
  { product: 'grafana', signs: [cookie(/^grafana_session$/), body(/window\.grafanaBootData/)] },
  { product: 'kibana', signs: [header('kbn-name'), header('kbn-version', /^([0-9.]{1,20})$/)] },
  {
    product: 'elasticsearch',
    signs: [header('x-elastic-product'), body(/"tagline" ?: ?"You Know, for Search"/)],
  },
  { product: 'prometheus', signs: [body(/<title>Prometheus Time Series Collection/)] },
  { product: 'sonarqube', signs: [body(/<title>SonarQube/)] },
  { product: 'nexus-repository', signs: [body(/<title>Nexus Repository/)] },
  {
    product: 'confluence',
    signs: [
      header('x-confluence-request-time'),
      { in: 'meta', name: 'ajs-version-number', pattern: new RegExp(VERSION) },
    ],
  },
  { product: 'jira', signs: [header('x-arequestid'), body(/name="application-name" content="JIRA"/i)] },
  { product: 'phpmyadmin', signs: [cookie(/^phpMyAdmin/), body(/<title>phpMyAdmin/)] },
  { product: 'roundcube', signs: [cookie(/^roundcube_sessid$/)] },
  { product: 'outlook-web-access', signs: [header('x-owa-version', /^([0-9.]{1,30})$/)] },
  { product: 'sharepoint', signs: [header('microsoftsharepointteamservices', /^([0-9.]{1,30})/)] },
  {
    product: 'nextcloud',
    signs: [body(/data-requesttoken=[^>]{1,200}>[^<]{0,200}Nextcloud/), cookie(/^nc_sameSiteCookie/)],
  },
  { product: 'keycloak', signs: [body(/\/resources\/[a-z0-9]{3,10}\/login\/keycloak/)] },
  { product: 'citrix-gateway', signs: [cookie(/^NSC_/), body(/\/vpn\/js\/gateway_login_/)] },
  { product: 'fortinet-ssl-vpn', signs: [body(/\/remote\/login\?lang=/)] },
  { product: 'cloudflare', signs: [header('cf-ray')] },
  { product: 'fastly', signs: [header('x-served-by', /^cache-/)] },
  { product: 'akamai', signs: [header('x-akamai-transformed')] },
  { product: 'amazon-cloudfront', signs: [header('x-amz-cf-id')] },
  { product: 'amazon-s3', signs: [header('x-amz-bucket-region')] },
  { product: 'varnish', signs: [header('x-varnish')] },
  { product: 'envoy', signs: [header('x-envoy-upstream-service-time')] },
  { product: 'java-servlet', signs: [cookie(/^JSESSIONID$/)] },
  { product: 'matomo', signs: [script('(?:matomo|piwik)')] },
];

/** Product names where the token that servers send is not the name by which the product goes. */
export const tokenNames: Readonly<Record<string, string>> = {
  'apache-coyote': 'apache-tomcat',
  'php-fpm': 'php',
  gws: 'google-web-server',
  openlitespeed: 'litespeed',
  phusion: 'phusion-passenger',
};
