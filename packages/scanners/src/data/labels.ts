/** First labels that are common in public zones, compiled for Glacis; sorted, each once. */
export const commonLabels: readonly string[] = `
about academy access account accounting accounts activation ad adfs adm admin admin1 admin2
administration administrator ads adserver affiliate affiliates alert alerts alpha amp analytics
analytics1 android ansible ap apac api api-dev api-staging api-test api-v1 api-v2 api1 api2 api3
apigw apis apm app app1 app2 app3 application applications apps archive archives artifact
artifactory artifacts asia asset assets at au audio auth auth1 auth2 autoconfig autodiscover aws
azure b2b b2c back-office backoffice backup backup1 backup2 backup3 backups bak bamboo banner
bastion be beacon beta bi bigdata billing bin bitbucket blog blogs bo board bounce br bucket build
builder builds buy ca cache cache1 cacti cal calendar callback cam camera campaign campaigns canary
career careers cart cassandra catalog catalogue cctv cd cdn cdn1 cdn2 ch chat checkout chef ci cicd
citrix click clickhouse client clients cloud cloud1 cloud2 cluster cms cn code commerce community
conference confluence connect console consul contact control controlpanel corp corporate course
courses cp cpanel crm customer customers cvs data data1 database db db1 db2 db3 de demo deploy
deployment desk dev dev1 dev2 dev3 devel develop developer developers development device devices
discuss dl dns dns1 dns2 dns3 doc docker docs documentation download download1 downloads dr drone
drop dropbox drupal dvr dwh ecommerce edge edge1 edge2 edu elastic elasticsearch email emea employee
employees erp es eshop eu event events exchange exchange1 extranet failover faq fax feedback file
files files1 finance find firewall forum forums fr ftp ftp1 ftp2 ftps fw gallery gate gateway
gateway1 gateway2 gcp geo ghost gis git gitea github gitlab global go grafana graphite graphql
graylog group grpc guest gw haproxy harbor health help helpdesk home hook hooks host host1 host2
hotspot hq hr hris iam icinga id identity idp image images imap imap4 img img1 img2 in influx info
ingress int intern internal international intra intranet investor investors invoice invoices ios iot
ir it jaeger jenkins jira job jobs joomla jp jump jumpbox jumphost k8s kb keycloak kibana knowledge
knowledgebase kr kube kubernetes lab labs lb lb1 lb2 ldap learn learning legacy legal license
licensing link links list lists live live1 lms loadbalancer local location log logging login logs
lync m magento mail mail1 mail2 mail3 mailer mailgate mailgw mailhost main manage management manager
map maps mariadb market marketing marketplace master media media1 media2 meet meeting member members
memcached metrics mgmt mirror mirrors mobile mobileapp mongo mongodb monitor monitoring moodle mssql
mta mta-sts mta1 munin music mx mx0 mx1 mx2 mx3 my myaccount mysql mysql1 nagios nas netdata new
new-www news newsletter nextcloud nexus nginx nightly nl node node1 node2 nomad ns ns0 ns1 ns2 ns3
ns4 ns5 ntp ntp1 nvr oauth oauth2 observium offers office old old-www oldsite onedrive open
openshift oracle order orders origin origin1 outlook owa owncloud panel partner partners password
passwords paste patch patches pay payment payments payroll pbx pg pgadmin phabricator phone photo
photos phpmyadmin pics ping pixel pl plesk pma pop pop3 portal portal1 portal2 postfix postgres
postgresql pre-prod preprod press prestashop preview price prices primary print printer prod product
production products profile project projects prometheus promo promotions proxy proxy1 proxy2 public
puppet push qa qa1 qa2 radius rancher ras rdap rdp rds rdweb recruit recruiting redirect redis
redmine register registry relay relay1 release releases remote remote1 repo report reporting reports
repos repository resolver rest root roundcube router rpc ru runner s3 sale sales saml sandbox sbx
scan scanner seafile search secondary secure secure1 security send sensor sentry server server1
server2 service servicedesk services sftp share sharepoint shares shop shopping short signin signon
signup sip sip1 skype sms smtp smtp-out smtp1 smtp2 soap socket solr sonar sonarqube source splunk
sql sql1 squid src srv srv1 srv2 ssl-vpn sslvpn sso staff stage stage1 stage2 staging staging1
staging2 stat static static1 static2 statistics stats status stg storage store strapi stream
streaming support survey surveys svc svn swarm switch sync syslog tag tags talk task tasks teamcity
teams tel temp terminal terraform test test1 test2 test3 testing tests ticket tickets time tmp tool
tools trac trace tracing track tracker tracking traefik training transfer ts typo3 uat uat1 uk
update updates upload uploads uptime url us usa user users v1 v2 v3 varnish vault video video1
videos vm vm1 voip vpn vpn1 vpn2 vpn3 vps vps1 w3 waf wap warehouse weather web web1 web2 web3
webhook webhooks webinar webmail webmin websocket whm whois wifi wiki wlan wordpress world wp ws wss
www www1 www2 www3 zabbix zimbra
`
  .trim()
  .split(/\s+/);
