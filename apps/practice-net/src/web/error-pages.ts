import type { Software } from '../world/site.ts';
import { escapeHtml } from './page.ts';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  503: 'Service Unavailable',
};

/** The error page of a make of web server. */
export function errorPage(software: Software, status: number, method: string, path: string): string {
  const reason = reasons[status] ?? 'Error';
  const shown = escapeHtml(path.slice(0, 200));
  switch (software.make) {
    case 'nginx': {
      const name = software.server ?? 'nginx';
      return `<html>\r\n<head><title>${status} ${reason}</title></head>\r\n<body>\r\n<center><h1>${status} ${reason}</h1></center>\r\n<hr><center>${name}</center>\r\n</body>\r\n</html>\r\n`;
    }
    case 'apache':
      return `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${reason}</title>\n</head><body>\n<h1>${reason}</h1>\n<p>The requested URL was not found on this server.</p>\n<hr>\n<address>${escapeHtml(software.server ?? 'Apache')} Server</address>\n</body></html>\n`;
    case 'lighttpd':
      return `<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n  <title>${status} ${reason}</title>\n </head>\n <body>\n  <h1>${status} ${reason}</h1>\n </body>\n</html>\n`;
    case 'express':
      return `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot ${escapeHtml(method)} ${shown}</pre>\n</body>\n</html>\n`;
    case 'iis':
      return `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\r\n<html xmlns="http://www.w3.org/1999/xhtml">\r\n<head><title>${status} - ${reason}</title></head>\r\n<body><div id="header"><h1>Server Error</h1></div>\r\n<div id="content"><h2>${status} - ${reason}</h2></div></body>\r\n</html>\r\n`;
    case 'tomcat':
      return `<!doctype html><html lang="en"><head><title>HTTP Status ${status} – ${reason}</title></head><body><h1>HTTP Status ${status} – ${reason}</h1><hr class="line" /><p><b>Type</b> Status Report</p><h3>Apache Tomcat/9.0.98</h3></body></html>`;
    default:
      return software.make satisfies never;
  }
}
