import { fingerprints } from './technologies.ts';

/**
 * Products, as `http-probe` names them, that a tag of a template speaks of where the two names differ. A tag of several
 * products stands for any of them.
 */
const aliases: Readonly<Record<string, readonly string[]>> = {
  apache: ['apache', 'apache-httpd'],
  asp: ['asp.net', 'microsoft-iis'],
  aspnet: ['asp.net', 'microsoft-iis'],
  citrix: ['citrix-gateway'],
  cpanel: ['cpsrvd', 'cpanel'],
  dotnet: ['asp.net', 'microsoft-iis', 'kestrel'],
  elastic: ['elasticsearch', 'kibana'],
  fastapi: ['uvicorn'],
  flask: ['werkzeug', 'gunicorn'],
  fortinet: ['fortinet-ssl-vpn'],
  iis: ['microsoft-iis'],
  java: ['apache-tomcat', 'java-servlet', 'jetty', 'spring-boot', 'wildfly', 'weblogic'],
  nexus: ['nexus-repository'],
  nodejs: ['express', 'next.js', 'nuxt', 'node.js'],
  owa: ['outlook-web-access'],
  'outlook-web-access': ['outlook-web-access', 'microsoft-iis'],
  python: ['django', 'gunicorn', 'python', 'uvicorn', 'waitress', 'werkzeug'],
  rails: ['ruby-on-rails', 'phusion-passenger'],
  ruby: ['ruby-on-rails', 'phusion-passenger', 'puma', 'thin'],
  spring: ['spring-boot', 'java-servlet', 'apache-tomcat'],
  springboot: ['spring-boot', 'java-servlet', 'apache-tomcat'],
  symfony: ['php', 'symfony'],
  tomcat: ['apache-tomcat', 'java-servlet'],
  wp: ['wordpress'],
  'wp-plugin': ['wordpress'],
  'wp-theme': ['wordpress'],
};

/** Products that say so in a header and have no fingerprint of their own. */
const headerProducts: readonly string[] =
  'caddy express gunicorn jetty lighttpd litespeed microsoft-iis nginx openresty php tengine traefik weblogic werkzeug'.split(
    ' ',
  );

const vocabulary: ReadonlyMap<string, readonly string[]> = new Map([
  ...fingerprints.map(({ product }): [string, readonly string[]] => [product, [product]]),
  ...headerProducts.map((product): [string, readonly string[]] => [product, [product]]),
  ...Object.entries(aliases),
]);

/** The products that a tag speaks of; undefined when it names none that could be seen on a site. */
export function productsOfTag(tag: string): readonly string[] | undefined {
  return vocabulary.get(tag);
}

/** Product names in one spelling: `Apache_HTTP_Server` and `apache-http-server` are the same. */
export function plainProduct(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9.]+/g, '-');
}
