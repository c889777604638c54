/** What a web server says about itself, in headers, markup and error pages. */
export interface Software {
  /** Whose error pages and listings it shows. */
  readonly make: 'nginx' | 'apache' | 'lighttpd' | 'express' | 'iis' | 'tomcat';
  /** Value of the Server header. */
  readonly server?: string;
  /** Value of the X-Powered-By header. */
  readonly poweredBy?: string;
  /** Content of the generator meta element. */
  readonly generator?: string;
  /** Version of the jQuery file that every page loads. */
  readonly jquery?: string;
  /** Further headers of every response. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** Security headers of a site: all, some, none, or a policy that is only reported. */
export type HeaderPolicy = 'complete' | 'framed-by-option' | 'partial' | 'report-only' | 'none';

/** A cookie that every page of a site sets. */
export interface Cookie {
  readonly name: string;
  readonly isSecure: boolean;
  readonly isHttpOnly: boolean;
}

/** Look of the pages: a style sheet and a page structure. */
export type LookName = 'slate' | 'meadow' | 'ink' | 'market' | 'console' | 'brick';

/** Which pages a site has. */
export type TemplateName =
  | 'company'
  | 'shop'
  | 'shopfront'
  | 'blog'
  | 'api'
  | 'intake'
  | 'login'
  | 'members'
  | 'small'
  | 'status'
  | 'default'
  | 'forge'
  | 'builds'
  | 'metrics'
  | 'downloads'
  | 'bulk';

/** Files and panels that should not be reachable. */
export type Exposure =
  | 'git'
  | 'env'
  | 'files-listing'
  | 'uploads-listing'
  | 'backup-listing'
  | 'admin'
  | 'wp-login'
  | 'phpmyadmin'
  | 'tomcat-manager'
  | 'phpinfo'
  | 'server-status'
  | 'sql-dump';

/** One web site as served by one port of one host. */
export interface Site {
  /** Seeds texts and pictures; unique per site. */
  readonly id: string;
  readonly company: string;
  readonly look: LookName;
  readonly template: TemplateName;
  readonly software: Software;
  readonly policy: HeaderPolicy;
  readonly cookies: readonly Cookie[];
  readonly behaviour: 'pages' | 'redirect' | 'catch-all' | 'slow' | 'endless' | 'unavailable';
  /** Origin to which a redirecting site sends every path. */
  readonly redirectTo?: string;
  readonly exposures: readonly Exposure[];
  /** Links on the start page, to anywhere. */
  readonly links: readonly string[];
  /** URLs of scripts and pictures that pages load from elsewhere. */
  readonly embeds: readonly string[];
  /** URLs written inside the site's own script. */
  readonly scriptUrls: readonly string[];
  /** Addresses on the contact page. */
  readonly emails: readonly string[];
}

/** What a site is made of when nothing else is said. */
export function site(
  id: string,
  parts: Pick<Site, 'company' | 'look' | 'template' | 'software'> & Partial<Site>,
): Site {
  return {
    policy: 'none',
    cookies: [],
    behaviour: 'pages',
    exposures: [],
    links: [],
    embeds: [],
    scriptUrls: [],
    emails: [],
    ...parts,
    id,
  };
}
