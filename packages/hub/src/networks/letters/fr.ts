import type { Catalogue } from './catalogue.ts'

export const fr: Catalogue = {
  tag: 'fr',
  name: 'Français',
  subject: 'Attaques en provenance de {subject}',
  greeting: 'Chers collègues,',
  opening:
    'Une machine à l’adresse {subject} de votre réseau {network} a attaqué des capteurs d’un réseau communautaire de pots de miel.',
  sensors: 'Les capteurs n’offrent de service à personne : tout ce qui s’y connecte est une sonde ou une attaque.',
  times:
    'Toutes les heures sont en UTC. Les ports source sont indiqués afin de retrouver une machine derrière une adresse partagée (CGNAT).',
  address: 'Adresse',
  network: 'Réseau',
  firstSeen: 'Vue pour la première fois',
  lastSeen: 'Vue pour la dernière fois',
  severity: 'Gravité',
  cause: 'Cause probable',
  services: 'Services attaqués',
  seenBy: 'Vue par',
  seenByText: '{sensors} capteurs de {organisations} organisations',
  confidence: 'Confiance',
  confidenceHigh:
    'élevée : connexions complètes vers plusieurs capteurs indépendants ; l’adresse ne peut pas être falsifiée',
  confidenceMedium: 'moyenne : connexions complètes vers un seul capteur ; l’adresse ne peut pas être falsifiée',
  confidenceLow: 'faible : aucune connexion complète ; l’adresse a pu être falsifiée',
  logs: 'Extrait du journal',
  commands: 'Commandes',
  programs: 'Programmes apportés',
  addresses: 'Adresses',
  whatToDo: 'Que faire',
  closing:
    'Une fois la machine nettoyée, les attaques cessent ; après {days} jours sans attaque, ce dossier se ferme de lui-même.',
  answer: 'Merci de confirmer la réception : {link}',
  severities: { info: 'information', low: 'faible', medium: 'moyenne', high: 'élevée', critical: 'critique' },
  causes: {
    'iot-botnet': 'un appareil infecté (caméra, routeur, enregistreur) dans un réseau de zombies de type Mirai',
    miner: 'une machine compromise qui mine de la cryptomonnaie',
    'redis-worm': 'une machine infectée par un serveur Redis ouvert',
    'docker-worm': 'une machine infectée par une interface Docker ouverte',
    'ssh-worm': 'une machine compromise qui propage un ver SSH',
    malware: 'une machine compromise qui diffuse des logiciels malveillants',
    'web-exploiter': 'une machine qui exploite des failles d’applications web',
    'proxy-abuse': 'un proxy ouvert, ou une machine qui en cherche',
    'ssh-bruteforce': 'une machine compromise qui essaie des mots de passe SSH',
    'login-bruteforce': 'une machine qui essaie des mots de passe',
    scanner: 'une machine qui cherche des services ouverts',
  },
  steps: {
    find: 'Retrouvez la machine grâce à l’adresse, au port source et à l’heure du journal ci-dessous.',
    restart:
      'Redémarrez-la : la plupart de ces programmes ne vivent qu’en mémoire. Changez tous les mots de passe avant de la remettre en ligne.',
    firmware: 'Installez le micrologiciel le plus récent. S’il n’y en a plus, remplacez l’appareil.',
    remote: 'Fermez l’administration à distance (Telnet, SSH, web) du côté d’Internet.',
    reinstall:
      'Considérez-la comme compromise : gardez une copie comme preuve, réinstallez-la, restaurez les données d’une sauvegarde.',
    persistence:
      'Cherchez des clés inconnues dans ~/.ssh/authorized_keys, des tâches cron, des services et des utilisateurs inconnus.',
    miner: 'Arrêtez le mineur et cherchez ce qui le relance : cron, systemd, fichiers sous /tmp et /var/tmp.',
    redis: 'Faites écouter Redis sur 127.0.0.1 seulement, mettez un mot de passe, ne le lancez pas en root.',
    docker: 'Fermez l’interface Docker (ports 2375 et 2376) du côté d’Internet, ou exigez des certificats clients.',
    keys: 'N’autorisez SSH que par clés, et seulement d’où c’est nécessaire.',
    update: 'Mettez à jour les applications web et leurs extensions, et supprimez les webshells.',
    proxy: 'Fermez le proxy : réservez-le à vos clients, avec un mot de passe.',
    ask: 'Demandez au client si c’est voulu. Un balayage de recherche doit dire qui le fait et comment en être exclu.',
    block: 'Si le client est injoignable, bloquez l’adresse jusqu’à ce qu’elle soit saine.',
  },
}
