/**
 * The techniques of MITRE ATT&CK that findings name, with the ids of ATT&CK's own attack-pattern objects (Enterprise),
 * so that they meet those in every platform. From MISP's galaxy mitre-attack-pattern, which takes them from ATT&CK.
 */
export const techniques: Readonly<Record<string, { readonly uuid: string; readonly name: string }>> =
  Object.fromEntries(
    `T1110 a93494bb-4b80-4ea1-8695-3236a49916fd Brute Force
T1110.001 09c4c11e-4fa1-4f8c-8dad-3cf8e69ad119 Password Guessing
T1110.003 692074ae-bb62-4a5e-a735-02cb6bde458c Password Spraying
T1595 67073dde-d720-45ae-83da-b12d5e73ca3b Active Scanning
T1595.001 db8f5003-3b20-48f0-9b76-123e44208120 Scanning IP Blocks
T1595.002 5502c4e9-24ef-4d5f-8ee9-9e906c2f82c4 Vulnerability Scanning
T1190 3f886f2a-874f-4333-b794-aa6075009b1c Exploit Public-Facing Application
T1078 b17a1a56-e99c-403c-8948-561df0cffe81 Valid Accounts
T1133 10d51417-ee35-4589-b1ff-b6df1c334e8d External Remote Services
T1059.004 a9d4b653-6915-42af-98b2-5758c4ceee56 Unix Shell
T1105 e6919abc-99f9-4c6c-95a5-14761e7b2add Ingress Tool Transfer
T1496 cd25c1b4-935c-4f0e-ba8d-552f28bc4783 Resource Hijacking
T1543.002 dfefe2ed-4389-4318-8762-f0272b350a1b Systemd Service
T1053.003 2acf44aa-542f-4366-b4eb-55ef5747759c Cron
T1098.004 6b57dc31-b814-4a03-8706-28bc20d739c4 SSH Authorized Keys
T1070.003 3aef9463-9a7a-43ba-8957-a867e07c1e6a Clear Command History
T1070.004 d63a3fb8-9452-4e9d-a60a-54be68d5998c File Deletion
T1222.002 09b130a2-a77e-4af0-a361-f46f9aad1345 Linux and Mac File and Directory Permissions Modification
T1082 354a7f88-63fb-41b5-a801-ce3b377b36f1 System Information Discovery
T1033 03d7999c-1f4c-42cc-8373-e7690d318104 System Owner/User Discovery
T1016 707399d6-ab3e-4963-9315-d9d3818cd6a0 System Network Configuration Discovery
T1057 8f4a33ec-8b1f-4b80-a2f6-642b2e479580 Process Discovery
T1083 7bc57495-ea59-4380-be31-a64af124ef18 File and Directory Discovery
T1021.004 2db31dcd-54da-405d-acef-b9129b816ed6 SSH
T1210 9db0cf3a-a3c9-4012-8268-123b9db6fd82 Exploitation of Remote Services
T1098 a10641f4-87b4-45a3-a906-92a149cb2c27 Account Manipulation
T1610 56e0d8b8-3e25-49dd-9050-3aa252f5aa92 Deploy Container
T1090.002 69b8fd78-40e8-4600-ae4d-662c9d7afdb3 External Proxy
T1496.001 a718a0c8-5768-41a1-9958-a1cc3f995e99 Compute Hijacking
T1498.002 36b2a1d7-e09e-49bf-b45e-477076c2ec01 Reflection Amplification
T1046 e3a12395-188d-4051-9a16-ea8e14d07b88 Network Service Discovery
T1136.001 635cbe30-392d-4e27-978e-66774357c762 Local Account
T1531 b24e2a20-3b3d-4bf0-823b-1ed765398fb0 Account Access Removal
T1562.001 ac08589e-ee59-4935-8667-d845e38fe579 Disable or Modify Tools
T1562.004 5372c5fe-f424-4def-bcd5-d3a8e770f07b Disable or Modify System Firewall
T1572 4fe28b27-b13c-453e-a386-c2ef362a573b Protocol Tunneling
T1090 731f4f55-b6d0-41d1-a7a9-072a66389aea Proxy
T1140 3ccef7ae-cb5e-48f6-8302-897105fbf55c Deobfuscate/Decode Files or Information
T1027 b3d682b6-98f2-4fb0-aa3b-b4df007ca70a Obfuscated Files or Information
T1546.004 b63a34e8-0a61-4c97-a23b-bf8a2ed812e2 Unix Shell Configuration Modification
T1518 e3b6daca-e963-4a69-aee6-ed4fd653ad58 Software Discovery
T1489 20fb2507-d71c-455d-9b6d-6104461cf26b Service Stop
T1486 b80d107d-fa0d-4b60-9684-b0433e8bdba0 Data Encrypted for Impact
T1485 d45a3d09-b3cf-48f4-9f0f-f521ee5cb05c Data Destruction`
      .split('\n')
      .map((line) => {
        const [, id = '', uuid = '', name = ''] = /^(\S+) (\S+) (.+)$/.exec(line) ?? []
        return [id, { uuid, name }]
      }),
  )

/**
 * The technique whose object is known: the one named, or the one above it (T1496.001 belongs to T1496). Undefined where
 * neither has an id here: an attack-pattern of our own would only be a double of ATT&CK's.
 */
export function knownTechnique(id: string): { id: string; uuid: string; name: string } | undefined {
  for (const one of [id, id.split('.')[0] ?? '']) {
    const found = techniques[one]
    if (found !== undefined) return { id: one, ...found }
  }
  return undefined
}
