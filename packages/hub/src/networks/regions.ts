// Sub-regions by the United Nations' standard M49 (Asia-Pacific in full detail, as its registries group it). A code that
// is not listed has no sub-region.
const groups: Readonly<Record<string, string>> = {
  'Eastern Asia': 'CN HK MO JP KP KR MN TW',
  'South-eastern Asia': 'BN KH ID LA MY MM PH SG TH TL VN',
  'Southern Asia': 'AF BD BT IN IR MV NP PK LK',
  'Central Asia': 'KZ KG TJ TM UZ',
  'Western Asia': 'AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE',
  'Australia and New Zealand': 'AU NZ CX CC NF HM',
  Melanesia: 'FJ NC PG SB VU',
  Micronesia: 'GU KI MH FM NR MP PW UM',
  Polynesia: 'AS CK PF NU PN WS TK TO TV WF',
  'Northern Africa': 'DZ EG LY MA SD TN EH',
  'Eastern Africa': 'BI KM DJ ER ET KE MG MW MU YT MZ RE RW SC SO SS TZ UG ZM ZW IO TF',
  'Middle Africa': 'AO CM CF TD CG CD GQ GA ST',
  'Southern Africa': 'BW SZ LS NA ZA',
  'Western Africa': 'BJ BF CV CI GM GH GN GW LR ML MR NE NG SN SL TG SH',
  Caribbean: 'AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI',
  'Central America': 'BZ CR SV GT HN MX NI PA',
  'South America': 'AR BO BR CL CO EC FK GF GY PY PE SR UY VE GS BV',
  'Northern America': 'BM CA GL PM US',
  'Eastern Europe': 'BY BG CZ HU MD PL RO RU SK UA',
  'Northern Europe': 'AX DK EE FO FI GG IM IE IS JE LV LT NO SJ SE GB',
  'Southern Europe': 'AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES XK',
  'Western Europe': 'AT BE FR DE LI LU MC NL CH',
}
const byEconomy = new Map(
  Object.entries(groups).flatMap(([region, codes]) => codes.split(' ').map((code) => [code, region] as const)),
)

/** The sub-region of an economy (ISO 3166 code), '' when there is none. */
export const regionOf = (economy: string): string => byEconomy.get(economy) ?? ''
