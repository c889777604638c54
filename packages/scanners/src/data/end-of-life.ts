/** The oldest version that a product's makers still mend, on the day given. */
export interface SupportRow {
  /** As in a technology's key. */
  readonly product: string;
  /** Versions below this get no more fixes. */
  readonly maintainedFrom: string;
  /** Day on which this was read in the source, ISO 8601. */
  readonly asOf: string;
  readonly source: string;
}

/** Products whose version a web site shows. Where makers mend only the newest patch of a branch, a patch with serious flaws fixed. */
export const supportTable: readonly SupportRow[] = [
  row('apache', '2.4.60', 'https://httpd.apache.org/security/vulnerabilities_24.html'),
  row('nginx', '1.26.0', 'https://nginx.org/en/download.html'),
  row('lighttpd', '1.4.70', 'https://www.lighttpd.net/releases/'),
  row(
    'microsoft-iis',
    '10.0',
    'https://learn.microsoft.com/lifecycle/products/internet-information-services-iis',
  ),
  row('openresty', '1.25.3', 'https://openresty.org/en/ann.html'),
  row('apache-tomcat', '9.0.0', 'https://tomcat.apache.org/whichversion.html'),
  row('jetty', '12.0.0', 'https://jetty.org/download.html'),
  row('php', '8.1.0', 'https://www.php.net/supported-versions.php'),
  row('openssl', '3.0.0', 'https://openssl-library.org/policies/releasestrat/'),
  row('wordpress', '6.4.0', 'https://wordpress.org/download/releases/'),
  row('drupal', '10.0.0', 'https://www.drupal.org/about/core/policies/core-release-cycles/schedule'),
  row('joomla', '5.0.0', 'https://docs.joomla.org/Joomla!_CMS_versions'),
  row('typo3', '12.4.0', 'https://get.typo3.org/'),
  row('ghost', '5.0.0', 'https://docs.ghost.org/faq/major-versions-lts'),
  row('jquery', '3.5.0', 'https://jquery.com/support/'),
  row('bootstrap', '4.6.0', 'https://getbootstrap.com/docs/versions/'),
  row('angularjs', '2.0.0', 'https://docs.angularjs.org/misc/version-support-status'),
  row('vue', '3.0.0', 'https://endoflife.date/vue'),
  row('jenkins', '2.479.0', 'https://www.jenkins.io/changelog-stable/'),
  row('grafana', '11.0.0', 'https://grafana.com/docs/grafana/latest/upgrade-guide/when-to-upgrade/'),
  row('phpmyadmin', '5.2.0', 'https://www.phpmyadmin.net/downloads/'),
];

function row(product: string, maintainedFrom: string, source: string): SupportRow {
  return { product, maintainedFrom, asOf: '2026-11-20', source };
}
