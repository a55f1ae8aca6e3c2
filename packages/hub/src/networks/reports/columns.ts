/**
 * The columns of Shadowserver's twelve honeypot reports, in their order (The-Shadowserver-Foundation/report_schema,
 * reports.json at 8e06fb9 of 2026-03-24): what tools that read those reports expect, IntelMQ among them.
 */
export interface ReportType {
  readonly subject: string
  readonly severity: 'info' | 'low' | 'medium' | 'high' | 'critical'
  readonly columns: readonly string[]
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const head = words(
  `timestamp protocol src_ip src_port src_asn src_geo src_region src_city src_hostname src_naics src_sector device_vendor device_type device_model severity dst_ip dst_port dst_asn dst_geo dst_region dst_city dst_hostname dst_naics dst_sector`,
)
const foot = words(`public_source infection family tag application version event_id`)

/** A report: the columns that all have, then its own. */
const report = (subject: string, severity: ReportType['severity'], own: string, domain = false): ReportType => ({
  subject,
  severity,
  columns: [...head, ...(domain ? ['domain_source'] : []), ...foot, ...words(own)],
})

export const reportTypes = {
  event4_honeypot_adb_scan: report(
    'Honeypot ADB Scanner Events',
    'high',
    `vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class banner commands maxdata system_type opened`,
  ),
  event4_honeypot_brute_force: report(
    'Honeypot Brute Force Events',
    'critical',
    `service start_time end_time client_version username password payload_url payload_md5 vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version target_vendor target_product target_class`,
  ),
  event4_honeypot_darknet: report('Darknet Events', 'high', `count`),
  event4_honeypot_ddos: report(
    'Honeypot DDoS Events',
    'critical',
    `dst_network dst_netmask attack duration attack_src_ip attack_src_port domain domain_transaction_id gcip http_method http_path http_postdata http_usessl ip_header_ack ip_header_acknum ip_header_dont_fragment ip_header_fin ip_header_identity ip_header_psh ip_header_rst ip_header_seqnum ip_header_syn ip_header_tos ip_header_ttl ip_header_urg number_of_connections packet_length packet_randomized http_agent`,
    true,
  ),
  event4_honeypot_ddos_amp: report(
    'Honeypot DDoS Amplification Events',
    'info',
    `request count bytes end_time duration avg_pps max_pps`,
  ),
  event4_honeypot_ddos_target: report(
    'Honeypot DDoS Target Events',
    'info',
    `dst_network dst_netmask attack duration attack_src_ip attack_src_port domain domain_transaction_id gcip http_method http_path http_postdata http_usessl ip_header_ack ip_header_acknum ip_header_dont_fragment ip_header_fin ip_header_identity ip_header_psh ip_header_rst ip_header_seqnum ip_header_syn ip_header_tos ip_header_ttl ip_header_urg number_of_connections packet_length packet_randomized`,
    true,
  ),
  event4_honeypot_http_scan: report(
    'Honeypot HTTP Scanner Events',
    'high',
    `pattern http_url http_agent http_request_method url_scheme session_tags vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class file_md5 file_sha256 request_raw body_raw`,
  ),
  event4_honeypot_ics_scan: report(
    'Honeypot ICS Scanner Events',
    'critical',
    `state sensor_id slave_id function_code request response`,
  ),
  event4_honeypot_ikev2_scan: report(
    'Honeypot IKEv2 Scanner Events',
    'high',
    `vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class`,
  ),
  event4_honeypot_rdp_scan: report(
    'Honeypot RDP Scanner Events',
    'high',
    `vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class cookie session_tags`,
  ),
  event4_honeypot_rocketmq_scan: report(
    'Honeypot RocketMQ Scanner Events',
    'high',
    `vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class code flag language opaque serialize_type body body_base64`,
  ),
  event4_honeypot_smb_scan: report(
    'Honeypot SMB Scanner Events',
    'high',
    `vulnerability_enum vulnerability_id vulnerability_class vulnerability_score vulnerability_severity vulnerability_version threat_framework threat_tactic_id threat_technique_id target_vendor target_product target_class command flags supported_protocols session_tags`,
  ),
} as const
export type ReportName = keyof typeof reportTypes
export const reportNames = Object.keys(reportTypes) as [ReportName, ...ReportName[]]
