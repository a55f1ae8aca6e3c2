import "elf"

rule elf_packed_upx : packer
{
  meta:
    description = "ELF program packed with UPX"
    attack = "T1027.002"
  strings:
    $mark = "UPX!"
    $info = "$Info: This file is packed with the UPX"
  condition:
    uint32be(0) == 0x7f454c46 and ($info or #mark > 1)
}

rule elf_without_sections : packer
{
  meta:
    description = "ELF program without sections, as packers and tiny loaders leave it"
  condition:
    uint32be(0) == 0x7f454c46 and elf.number_of_sections == 0 and elf.number_of_segments > 0 and elf.entry_point != 0
}

rule iot_scanner_telnet : botnet
{
  meta:
    description = "Program that walks through Telnet logins of small devices"
    attack = "T1110.001"
  strings:
    $busybox = "/bin/busybox " nocase
    $missing = ": applet not found"
    $ncorrect = "ncorrect"
    $assword = "assword"
    $ogin = "ogin"
    $enable = "enable\x00"
    $system = "system\x00"
    $linuxshell = "linuxshell\x00"
  condition:
    uint32be(0) == 0x7f454c46 and $busybox and 3 of ($missing, $ncorrect, $assword, $ogin, $enable, $system, $linuxshell)
}

rule iot_kills_watchdog : botnet
{
  meta:
    description = "Program that holds the watchdog of a small device"
    attack = "T1562.001"
  strings:
    $a = "/dev/watchdog"
    $b = "/dev/misc/watchdog"
  condition:
    uint32be(0) == 0x7f454c46 and all of them
}

rule flood_commands : botnet ddos
{
  meta:
    description = "Names of floods that bots are told to start"
    attack = "T1498.001"
  strings:
    $udp = "udpflood" nocase
    $tcp = "tcpflood" nocase
    $http = "httpflood" nocase
    $syn = "synflood" nocase
    $std = "STDFLOOD" nocase
    $ack = "ackflood" nocase
    $vse = "vseattack" nocase
    $greip = "greip" nocase
    $hold = "HOLDFLOOD" nocase
  condition:
    3 of them
}

rule miner : miner
{
  meta:
    description = "Program or settings that mine Monero"
    attack = "T1496.001"
  strings:
    $stratum = "stratum+tcp://"
    $stratums = "stratum+ssl://"
    $donate = "donate-level"
    $algo = "\"rx/0\""
    $randomx = "randomx" nocase
    $xmrig = "xmrig" nocase
    $wallet = /\b4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b/
    $pool = /pool\.(minexmr|supportxmr|hashvault)\b/
  condition:
    2 of them
}

rule script_many_processors : dropper
{
  meta:
    description = "Script that fetches the same program for many kinds of processor"
    attack = "T1105"
  strings:
    $fetch = /\b(wget|curl|tftp|ftpget)\b/
    $mips = "mips" nocase
    $mpsl = "mpsl" nocase
    $arm = /\barm[4-7]?(l|v[4-7]l?)?\b/ nocase
    $x86 = /x86(_64)?|i[56]86/ nocase
    $sh4 = "sh4" nocase
    $ppc = "ppc" nocase
    $spc = /\bspc\b|sparc/ nocase
    $m68k = "m68k" nocase
  condition:
    filesize < 64KB and uint32be(0) != 0x7f454c46 and $fetch and 4 of ($mips, $mpsl, $arm, $x86, $sh4, $ppc, $spc, $m68k)
}

rule script_fetches_and_runs : dropper
{
  meta:
    description = "Script that fetches a program, makes it executable and runs it"
    attack = "T1059.004"
  strings:
    $fetch = /\b(wget|curl|tftp|ftpget)\b[^\n]{1,300}/
    $chmod = /\bchmod\s+(\+x|a\+x|u\+x|[0-7]{3,4})\b/
    $run = /(^|[;&|\n]\s*)(\.\/|sh\s|bash\s|nohup\s|exec\s)/
  condition:
    filesize < 64KB and uint32be(0) != 0x7f454c46 and all of them
}

rule script_removes_rivals : miner
{
  meta:
    description = "Script that ends other people's miners or bots"
    attack = "T1489"
  strings:
    $pkill = /\b(pkill|killall|kill)\b[^\n]{0,80}(xmr|miner|kinsing|kdevtmpfsi|\.systemd|masscan|mozi|watchbog)/ nocase
    $ps = /ps\s+-?(aux|ef)[^\n]{0,120}(xmr|miner|kinsing|kdevtmpfsi|masscan)[^\n]{0,120}kill/ nocase
  condition:
    filesize < 512KB and any of them
}

rule script_stays : persistence
{
  meta:
    description = "Script that has itself started again: cron, systemd, rc.local or a planted key"
    attack = "T1053.003"
  strings:
    $cron = /(crontab\s+-|\/etc\/cron\.|\/var\/spool\/cron)/
    $unit = /\/etc\/systemd\/system\/[\w.@-]{1,64}\.service/
    $rc = "/etc/rc.local"
    $key = /authorized_keys/
    $begin = /^#!\s*\//
  condition:
    filesize < 512KB and uint32be(0) != 0x7f454c46 and ($begin at 0 or #cron > 0) and any of ($cron, $unit, $rc, $key)
}

rule preload_rootkit : rootkit
{
  meta:
    description = "Shared object that hides what it is told to hide, through the loader"
    attack = "T1574.006"
  strings:
    $preload = "ld.so.preload"
    $readdir = "readdir"
    $dlsym = "dlsym"
  condition:
    uint32be(0) == 0x7f454c46 and all of them
}

rule webshell_php : webshell
{
  meta:
    description = "PHP that runs what a request asks for"
    attack = "T1505.003"
  strings:
    $php = "<?php" nocase
    $run = /\b(eval|assert|system|exec|shell_exec|passthru|popen|proc_open)\s*\(\s*@?(base64_decode\s*\(\s*)?\$_(GET|POST|REQUEST|COOKIE|SERVER)/ nocase
    $tick = /`\s*\$_(GET|POST|REQUEST)/ nocase
  condition:
    filesize < 1MB and $php and ($run or $tick)
}

rule webshell_jsp : webshell
{
  meta:
    description = "JSP that runs what a request asks for"
    attack = "T1505.003"
  strings:
    $tag = "<%"
    $run = /getRuntime\(\)\s*\.\s*exec\s*\(/
    $ask = "request.getParameter"
  condition:
    filesize < 1MB and all of them
}

rule reverse_shell : backdoor
{
  meta:
    description = "Line that hands a shell to somebody else"
    attack = "T1059"
  strings:
    $bash = /\/dev\/tcp\/[\w.:-]{3,80}\/\d{1,5}/
    $nc = /\bnc(at)?\b[^\n]{0,80}\s-e\s*\/bin\/(ba)?sh/
    $python = /socket\.socket\([^\n]{0,300}(subprocess|pty\.spawn|os\.dup2)/
    $perl = /use Socket;[^\n]{0,400}exec\s*\{?\s*["']\/bin\/sh/
    $fifo = /mkfifo\s+\S{1,60}\s*;[^\n]{0,160}\b(nc|openssl s_client)\b/
  condition:
    filesize < 2MB and any of them
}
