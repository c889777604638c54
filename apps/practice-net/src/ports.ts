/** TCP ports that the port scanner asks on every address by default. */
export const defaultTcpPorts: readonly number[] = [
  21, 22, 23, 25, 53, 80, 81, 110, 111, 135, 139, 143, 389, 443, 445, 465, 587, 636, 993, 995, 1080, 1433,
  1521, 1723, 2049, 2121, 2222, 2375, 2525, 3000, 3001, 3128, 3306, 3389, 4443, 5000, 5432, 5601, 5672, 5900,
  5984, 5985, 6379, 6443, 7001, 8000, 8008, 8080, 8081, 8088, 8443, 8500, 8834, 8888, 9000, 9001, 9090, 9092,
  9200, 9443, 10000, 11211, 15672, 27017, 50000,
];

/** The default ports that a process without privileges can open. */
export const unprivilegedTcpPorts: readonly number[] = defaultTcpPorts.filter(port => port >= 1024);

/** UDP ports on which a bystander counts datagrams (the DNS port is added to them). */
export const trapUdpPorts: readonly number[] = [5353, 8080, 8443, 11211];
