/**
 * Every text of the plugin in every language it speaks, the same as native/overlay/overlay_strings.c.
 * The agent's own sentences (errors, notices, details, help of settings) are English and shown as
 * they come. What stands in braces is filled in by strings/text.ts.
 */
export const languages = ["en", "de", "es", "fr", "ja", "pt", "zh"] as const;

export type Language = (typeof languages)[number];

/** In the order of `languages`. */
type Row = readonly [string, string, string, string, string, string, string];

/* prettier-ignore */
const rows = {
  // Everywhere
  cancel: ["Cancel", "Abbrechen", "Cancelar", "Annuler", "キャンセル", "Cancelar", "取消"],
  save: ["Save", "Speichern", "Guardar", "Enregistrer", "保存", "Salvar", "保存"],
  none: ["None", "Keine", "Ninguno", "Aucun", "なし", "Nenhum", "无"],
  failed: ["That did not work", "Das hat nicht geklappt", "No ha funcionado", "Échec de l’opération", "失敗しました", "Não funcionou", "操作失败"],
  gone: ["It is not there any more", "Das gibt es nicht mehr", "Ya no está", "Cela n’existe plus", "もう存在しません", "Não existe mais", "已不存在"],
  notNow: ["Not possible just now", "Das geht gerade nicht", "Ahora no es posible", "Impossible pour le moment", "今は実行できません", "Não é possível agora", "现在无法执行"],
  noSpace: ["No space left", "Kein Speicherplatz mehr", "No queda espacio", "Plus d’espace libre", "空き容量がありません", "Sem espaço livre", "存储空间不足"],

  // The helper and this device
  starting: ["Starting…", "Wird gestartet …", "Iniciando…", "Démarrage…", "起動中…", "Iniciando…", "正在启动…"],
  notRunning: ["CapyDeck cannot run", "CapyDeck läuft nicht", "CapyDeck no puede ejecutarse", "CapyDeck ne peut pas s’exécuter", "CapyDeck を実行できません", "O CapyDeck não pode ser executado", "CapyDeck 无法运行"],
  thisDevice: ["This device", "Dieses Gerät", "Este dispositivo", "Cet appareil", "このデバイス", "Este dispositivo", "本设备"],
  accept: ["Accept connections", "Verbindungen annehmen", "Aceptar conexiones", "Accepter les connexions", "接続を受け付ける", "Aceitar conexões", "接受连接"],
  noNetwork: ["No network", "Kein Netzwerk", "Sin red", "Pas de réseau", "ネットワークなし", "Sem rede", "无网络"],
  connectedTo: ["Connected to {name}", "Verbunden mit {name}", "Conectado a {name}", "Connecté à {name}", "{name} に接続中", "Conectado a {name}", "已连接到 {name}"],
  notConnected: ["No PC connected", "Kein PC verbunden", "Ningún PC conectado", "Aucun PC connecté", "接続中の PC はありません", "Nenhum PC conectado", "没有电脑连接"],
  notAccepting: ["Not reachable: connections are off", "Nicht erreichbar: Verbindungen sind aus", "Inaccesible: las conexiones están desactivadas", "Injoignable : connexions désactivées", "接続がオフのため利用できません", "Inacessível: conexões desativadas", "无法连接：已关闭连接"],
  notFound: ["PC cannot find this device?", "PC findet dieses Gerät nicht?", "¿El PC no lo encuentra?", "Le PC ne le trouve pas ?", "PC から見つかりませんか？", "O PC não o encontra?", "电脑找不到本设备？"],
  more: ["Manage CapyDeck", "CapyDeck verwalten", "Administrar CapyDeck", "Gérer CapyDeck", "CapyDeck を管理", "Gerenciar o CapyDeck", "管理 CapyDeck"],
  unlock: ["Let blocked PCs try again", "Gesperrte PCs wieder zulassen", "Permitir de nuevo los PC bloqueados", "Réautoriser les PC bloqués", "ブロックした PC を再び許可", "Permitir PCs bloqueados novamente", "允许被锁定的电脑重试"],
  unlockHint: ["Too many wrong codes came from {count} address(es).", "Zu viele falsche Codes, Adressen: {count}.", "Demasiados códigos erróneos, direcciones: {count}.", "Trop de codes erronés, adresses : {count}.", "誤ったコードが多すぎます（アドレス: {count}）。", "Códigos errados demais, endereços: {count}.", "错误代码过多（地址数：{count}）。"],

  // Pairing
  pairTitle: ["Pair with {name}?", "Mit {name} koppeln?", "¿Vincular con {name}?", "Associer avec {name} ?", "{name} とペアリングしますか？", "Parear com {name}?", "与 {name} 配对？"],
  pairHint: ["Type this code on the PC", "Gib diesen Code am PC ein", "Escribe este código en el PC", "Saisissez ce code sur le PC", "このコードを PC に入力してください", "Digite este código no PC", "请在电脑上输入此代码"],
  secondsLeft: ["{count} s", "{count} s", "{count} s", "{count} s", "残り {count} 秒", "{count} s", "剩余 {count} 秒"],
  reject: ["Reject", "Ablehnen", "Rechazar", "Refuser", "拒否", "Recusar", "拒绝"],
  hide: ["Hide", "Ausblenden", "Ocultar", "Masquer", "隠す", "Ocultar", "隐藏"],

  // Transfers
  transfers: ["Transfers", "Übertragungen", "Transferencias", "Transferts", "転送", "Transferências", "传输"],
  amount: ["{done} of {total}", "{done} von {total}", "{done} de {total}", "{done} sur {total}", "{done} / {total}", "{done} de {total}", "{done} / {total}"],
  installing: ["Installing…", "Wird installiert …", "Instalando…", "Installation…", "インストール中…", "Instalando…", "正在安装…"],
  waiting: ["Waiting…", "Wartet …", "Esperando…", "En attente…", "待機中…", "Aguardando…", "等待中…"],
  paused: ["Paused", "Pausiert", "En pausa", "En pause", "一時停止中", "Pausado", "已暂停"],
  resumeHint: ["Send it again from the PC to continue.", "Sende es vom PC noch einmal, dann geht es weiter.", "Envíalo de nuevo desde el PC para continuar.", "Renvoyez-le depuis le PC pour continuer.", "PC からもう一度送ると再開します。", "Envie de novo pelo PC para continuar.", "从电脑再次发送即可继续。"],
  keptUntil: ["Kept until {date}.", "Aufbewahrt bis {date}.", "Se conserva hasta el {date}.", "Conservé jusqu’au {date}.", "{date} まで保存されます。", "Mantido até {date}.", "保留至 {date}。"],
  discard: ["Discard", "Verwerfen", "Descartar", "Supprimer", "破棄", "Descartar", "丢弃"],
  cancelTransfer: ["Cancel transfer", "Übertragung abbrechen", "Cancelar transferencia", "Annuler le transfert", "転送をキャンセル", "Cancelar transferência", "取消传输"],
  cancelTitle: ["Cancel “{name}”?", "„{name}“ abbrechen?", "¿Cancelar «{name}»?", "Annuler « {name} » ?", "「{name}」をキャンセルしますか？", "Cancelar “{name}”?", "取消“{name}”？"],
  cancelText: ["What has arrived of it ({size}) is deleted.", "Was davon angekommen ist ({size}), wird gelöscht.", "Se borrará lo recibido ({size}).", "Ce qui a été reçu ({size}) sera supprimé.", "受信済みのデータ（{size}）は削除されます。", "O que já chegou ({size}) será apagado.", "已接收的内容（{size}）将被删除。"],
  keep: ["Keep", "Behalten", "Conservar", "Conserver", "残す", "Manter", "保留"],

  // Games
  games: ["Games", "Spiele", "Juegos", "Jeux", "ゲーム", "Jogos", "游戏"],
  allGames: ["All games ({count})", "Alle Spiele ({count})", "Todos los juegos ({count})", "Tous les jeux ({count})", "すべてのゲーム ({count})", "Todos os jogos ({count})", "所有游戏（{count}）"],
  noGames: ["No games yet. Send one from your PC.", "Noch keine Spiele. Sende eins vom PC.", "Aún no hay juegos. Envía uno desde el PC.", "Aucun jeu. Envoyez-en un depuis le PC.", "ゲームはまだありません。PC から送ってください。", "Nenhum jogo ainda. Envie um pelo PC.", "还没有游戏。请从电脑发送。"],
  notInLibrary: ["not in the library", "nicht in der Bibliothek", "no está en la biblioteca", "absent de la bibliothèque", "ライブラリにありません", "fora da biblioteca", "不在库中"],
  deleteGame: ["Delete", "Löschen", "Borrar", "Supprimer", "削除", "Apagar", "删除"],
  deleteTitle: ["Delete “{name}”?", "„{name}“ löschen?", "¿Borrar «{name}»?", "Supprimer « {name} » ?", "「{name}」を削除しますか？", "Apagar “{name}”?", "删除“{name}”？"],
  deleteText: ["It leaves the library. For some days it can be restored under “Deleted games”.", "Es verschwindet aus der Bibliothek. Einige Tage lang lässt es sich unter „Gelöschte Spiele“ wiederherstellen.", "Saldrá de la biblioteca. Durante unos días podrás restaurarlo en «Juegos borrados».", "Il quitte la bibliothèque. Pendant quelques jours, il peut être restauré dans « Jeux supprimés ».", "ライブラリから消えます。数日間は「削除したゲーム」から復元できます。", "Ele sai da biblioteca. Por alguns dias pode ser restaurado em “Jogos apagados”.", "它将从库中移除。几天内可在“已删除的游戏”中恢复。"],
  trash: ["Deleted games", "Gelöschte Spiele", "Juegos borrados", "Jeux supprimés", "削除したゲーム", "Jogos apagados", "已删除的游戏"],
  noTrash: ["There is nothing to restore.", "Es gibt nichts wiederherzustellen.", "No hay nada que restaurar.", "Il n’y a rien à restaurer.", "復元できるものはありません。", "Não há nada para restaurar.", "没有可恢复的内容。"],
  restore: ["Restore", "Wiederherstellen", "Restaurar", "Restaurer", "復元", "Restaurar", "恢复"],
  restorableUntil: ["until {date}", "bis {date}", "hasta el {date}", "jusqu’au {date}", "{date} まで", "até {date}", "至 {date}"],
  forGood: ["Delete for good", "Endgültig löschen", "Borrar definitivamente", "Supprimer définitivement", "完全に削除", "Apagar de vez", "永久删除"],
  forGoodTitle: ["Delete “{name}” for good?", "„{name}“ endgültig löschen?", "¿Borrar «{name}» definitivamente?", "Supprimer « {name} » définitivement ?", "「{name}」を完全に削除しますか？", "Apagar “{name}” de vez?", "永久删除“{name}”？"],
  forGoodText: ["This frees {size} and cannot be undone.", "Das gibt {size} frei und lässt sich nicht rückgängig machen.", "Esto libera {size} y no se puede deshacer.", "Cela libère {size} et ne peut pas être annulé.", "{size} が解放されます。元に戻せません。", "Isso libera {size} e não pode ser desfeito.", "将释放 {size}，且无法撤销。"],

  // Paired PCs
  hubs: ["Paired PCs", "Gekoppelte PCs", "PC vinculados", "PC associés", "ペアリング済みの PC", "PCs pareados", "已配对的电脑"],
  noHubs: ["No PC is paired yet. Connect with a Hub on your PC, and a code appears here.", "Noch kein PC gekoppelt. Verbinde dich mit einem Hub am PC, dann erscheint hier ein Code.", "Aún no hay ningún PC vinculado. Conéctate con un Hub desde el PC y aquí aparecerá un código.", "Aucun PC associé. Connectez-vous avec un Hub sur le PC : un code apparaîtra ici.", "ペアリング済みの PC はありません。PC の Hub から接続すると、ここにコードが表示されます。", "Nenhum PC pareado. Conecte-se com um Hub no PC e um código aparecerá aqui.", "还没有配对的电脑。在电脑上用 Hub 连接，此处会显示代码。"],
  connectedNow: ["Connected", "Verbunden", "Conectado", "Connecté", "接続中", "Conectado", "已连接"],
  lastSeen: ["Last seen {date}", "Zuletzt gesehen {date}", "Visto el {date}", "Vu le {date}", "最終接続 {date}", "Visto em {date}", "上次连接 {date}"],
  unpair: ["Unpair", "Entkoppeln", "Desvincular", "Dissocier", "ペアリング解除", "Desparear", "取消配对"],
  unpairTitle: ["Unpair {name}?", "{name} entkoppeln?", "¿Desvincular {name}?", "Dissocier {name} ?", "{name} のペアリングを解除しますか？", "Desparear {name}?", "取消与 {name} 的配对？"],
  unpairText: ["It needs a new code before it can send games again.", "Bevor er wieder Spiele senden kann, braucht er einen neuen Code.", "Necesitará un código nuevo para volver a enviar juegos.", "Il lui faudra un nouveau code pour envoyer des jeux.", "再びゲームを送るには新しいコードが必要です。", "Ele precisará de um novo código para enviar jogos.", "再次发送游戏前需要新的配对代码。"],

  // Steam
  steam: ["Steam", "Steam", "Steam", "Steam", "Steam", "Steam", "Steam"],
  steamUi: ["Games appear in the library at once", "Spiele erscheinen sofort in der Bibliothek", "Los juegos aparecen al momento en la biblioteca", "Les jeux apparaissent aussitôt dans la bibliothèque", "ゲームはすぐにライブラリに表示されます", "Os jogos aparecem na hora na biblioteca", "游戏会立即出现在库中"],
  steamCef: ["Games appear at once, through Steam’s debugger", "Spiele erscheinen sofort, über Steams Debugger", "Los juegos aparecen al momento, mediante el depurador de Steam", "Les jeux apparaissent aussitôt, via le débogueur de Steam", "Steam のデバッガー経由ですぐに表示されます", "Os jogos aparecem na hora, pelo depurador do Steam", "通过 Steam 调试器，游戏会立即出现"],
  steamFiles: ["Steam is closed; games appear when it starts", "Steam ist beendet; Spiele erscheinen beim Start", "Steam está cerrado; los juegos aparecerán al iniciarlo", "Steam est fermé ; les jeux apparaîtront à son démarrage", "Steam は終了中です。起動すると表示されます", "O Steam está fechado; os jogos aparecem ao abri-lo", "Steam 已关闭；启动后游戏会出现"],
  steamNone: ["Games appear after a restart of Steam", "Spiele erscheinen nach einem Neustart von Steam", "Los juegos aparecerán al reiniciar Steam", "Les jeux apparaîtront après un redémarrage de Steam", "Steam の再起動後に表示されます", "Os jogos aparecem após reiniciar o Steam", "重启 Steam 后游戏会出现"],
  queued: ["Changes waiting for Steam: {count}", "Änderungen, die auf Steam warten: {count}", "Cambios pendientes de Steam: {count}", "Changements en attente de Steam : {count}", "Steam を待っている変更: {count}", "Alterações à espera do Steam: {count}", "等待 Steam 的更改：{count}"],
  restartSteam: ["Restart Steam", "Steam neu starten", "Reiniciar Steam", "Redémarrer Steam", "Steam を再起動", "Reiniciar o Steam", "重启 Steam"],
  restartText: ["Changes that wait are made meanwhile. It is refused while a game runs.", "Wartende Änderungen werden dabei gemacht. Solange ein Spiel läuft, wird es abgelehnt.", "Los cambios pendientes se harán mientras tanto. Se rechaza si hay un juego en marcha.", "Les changements en attente sont faits entre-temps. Refusé tant qu’un jeu tourne.", "待機中の変更はその間に適用されます。ゲームの実行中は拒否されます。", "As alterações pendentes são feitas nesse meio-tempo. É recusado enquanto um jogo roda.", "等待的更改会在此期间完成。游戏运行时会被拒绝。"],

  // Settings
  settings: ["Settings", "Einstellungen", "Ajustes", "Paramètres", "設定", "Configurações", "设置"],
  change: ["Change", "Ändern", "Cambiar", "Modifier", "変更", "Alterar", "更改"],
  nextStart: ["Takes effect with the next start.", "Gilt ab dem nächsten Start.", "Tendrá efecto en el próximo inicio.", "Prend effet au prochain démarrage.", "次回の起動から有効です。", "Vale a partir da próxima inicialização.", "下次启动时生效。"],
  listHint: ["Separate several with commas.", "Mehrere durch Komma trennen.", "Separa varios con comas.", "Séparez-les par des virgules.", "複数ある場合はコンマで区切ります。", "Separe vários com vírgulas.", "多个请用逗号分隔。"],

  // “Why can the PC not find this device?”
  help: ["Help", "Hilfe", "Ayuda", "Aide", "ヘルプ", "Ajuda", "帮助"],
  helpNotRunning: ["CapyDeck’s helper does not run.", "CapyDecks Hilfsprogramm läuft nicht.", "El programa auxiliar de CapyDeck no se está ejecutando.", "Le programme auxiliaire de CapyDeck ne tourne pas.", "CapyDeck のヘルパーが実行されていません。", "O programa auxiliar do CapyDeck não está em execução.", "CapyDeck 的后台程序未运行。"],
  helpNoNetwork: ["This device has no network address. Connect it to the network that the PC is in.", "Dieses Gerät hat keine Netzwerkadresse. Verbinde es mit dem Netz, in dem der PC ist.", "Este dispositivo no tiene dirección de red. Conéctalo a la red del PC.", "Cet appareil n’a pas d’adresse réseau. Connectez-le au réseau du PC.", "ネットワークアドレスがありません。PC と同じネットワークに接続してください。", "Este dispositivo não tem endereço de rede. Conecte-o à rede do PC.", "本设备没有网络地址。请连接到电脑所在的网络。"],
  helpAccept: ["“Accept connections” is off. Turn it on.", "„Verbindungen annehmen“ ist aus. Schalte es ein.", "«Aceptar conexiones» está desactivado. Actívalo.", "« Accepter les connexions » est désactivé. Activez-le.", "「接続を受け付ける」がオフです。オンにしてください。", "“Aceitar conexões” está desativado. Ative-o.", "“接受连接”已关闭。请将其打开。"],
  helpMdnsOff: ["This device is not announced on the network.", "Dieses Gerät wird im Netz nicht bekannt gegeben.", "Este dispositivo no se anuncia en la red.", "Cet appareil n’est pas annoncé sur le réseau.", "このデバイスはネットワークに通知されていません。", "Este dispositivo não é anunciado na rede.", "本设备未在网络上公布。"],
  helpMdnsStarting: ["This device is just being announced on the network. Wait a moment.", "Dieses Gerät wird gerade im Netz bekannt gegeben. Warte einen Moment.", "Este dispositivo se está anunciando en la red. Espera un momento.", "Cet appareil est en cours d’annonce sur le réseau. Patientez.", "ネットワークに通知しています。少しお待ちください。", "Este dispositivo está sendo anunciado na rede. Aguarde um momento.", "正在网络上公布本设备。请稍候。"],
  helpMdnsOk: ["This device is announced on the network as “{name}”.", "Dieses Gerät ist im Netz als „{name}“ bekannt.", "Este dispositivo se anuncia en la red como «{name}».", "Cet appareil est annoncé sur le réseau comme « {name} ».", "ネットワークに「{name}」として通知されています。", "Este dispositivo é anunciado na rede como “{name}”.", "本设备已在网络上公布为“{name}”。"],
  helpBusy: ["{name} is connected. One PC at a time can be.", "{name} ist verbunden. Es geht nur ein PC zur Zeit.", "{name} está conectado. Solo puede haber un PC a la vez.", "{name} est connecté. Un seul PC à la fois est possible.", "{name} が接続中です。同時に接続できる PC は 1 台です。", "{name} está conectado. Só um PC por vez é possível.", "{name} 已连接。一次只能连接一台电脑。"],
  helpSameNet: ["PC and device must be in the same network. Guest Wi-Fi and VPNs often keep devices apart.", "PC und Gerät müssen im selben Netz sein. Gäste-WLAN und VPN trennen Geräte oft.", "El PC y el dispositivo deben estar en la misma red. Las redes de invitados y las VPN suelen separarlos.", "Le PC et l’appareil doivent être sur le même réseau. Le Wi-Fi invité et les VPN les isolent souvent.", "PC とデバイスは同じネットワークにある必要があります。ゲスト Wi-Fi や VPN では分離されることがあります。", "PC e dispositivo precisam estar na mesma rede. Wi-Fi de convidados e VPNs costumam separá-los.", "电脑与本设备须在同一网络中。访客 Wi-Fi 和 VPN 常会隔离设备。"],
  helpManual: ["Or type the address into the Hub:", "Oder gib die Adresse im Hub ein:", "O escribe la dirección en el Hub:", "Ou saisissez l’adresse dans le Hub :", "または Hub にアドレスを入力してください:", "Ou digite o endereço no Hub:", "或在 Hub 中输入地址："],
  helpPort: ["A firewall between them must let TCP port {port} through, and UDP port 5353 to be found.", "Eine Firewall dazwischen muss TCP-Port {port} durchlassen, und zum Finden UDP-Port 5353.", "Un cortafuegos intermedio debe permitir el puerto TCP {port} y, para encontrarlo, el UDP 5353.", "Un pare-feu entre les deux doit laisser passer le port TCP {port}, et UDP 5353 pour la découverte.", "間のファイアウォールは TCP ポート {port} と、検出用の UDP ポート 5353 を許可する必要があります。", "Um firewall entre eles deve liberar a porta TCP {port} e, para a descoberta, a UDP 5353.", "中间的防火墙须放行 TCP 端口 {port}，以及用于发现的 UDP 端口 5353。"],

  // Toasts
  toastStarted: ["Receiving from {name}", "Wird von {name} empfangen", "Recibiendo de {name}", "Réception depuis {name}", "{name} から受信中", "Recebendo de {name}", "正在从 {name} 接收"],
  toastInstalled: ["Installed", "Installiert", "Instalado", "Installé", "インストールしました", "Instalado", "已安装"],
  toastInterrupted: ["Interrupted at {percent}", "Unterbrochen bei {percent}", "Interrumpido al {percent}", "Interrompu à {percent}", "{percent} で中断しました", "Interrompido em {percent}", "在 {percent} 处中断"],
  toastCancelled: ["Transfer cancelled", "Übertragung abgebrochen", "Transferencia cancelada", "Transfert annulé", "転送がキャンセルされました", "Transferência cancelada", "传输已取消"],

  // The settings' names, by key
  "agent.name": ["Name", "Name", "Nombre", "Nom", "名前", "Nome", "名称"],
  "agent.port": ["Port", "Port", "Puerto", "Port", "ポート", "Porta", "端口"],
  "library.path": ["Install folder", "Installationsordner", "Carpeta de instalación", "Dossier d’installation", "インストール先フォルダー", "Pasta de instalação", "安装文件夹"],
  "library.extra": ["Further folders", "Weitere Ordner", "Otras carpetas", "Autres dossiers", "追加のフォルダー", "Outras pastas", "其他文件夹"],
  "connections.accept": ["Accept connections", "Verbindungen annehmen", "Aceptar conexiones", "Accepter les connexions", "接続を受け付ける", "Aceitar conexões", "接受连接"],
  "connections.allowedOrigins": ["Web pages that may connect", "Webseiten, die sich verbinden dürfen", "Páginas web permitidas", "Pages web autorisées", "接続を許可する Web ページ", "Páginas web permitidas", "允许连接的网页"],
  "pairing.sendCodeToHub": ["Send the code to the PC", "Code an den PC senden", "Enviar el código al PC", "Envoyer le code au PC", "コードを PC に送る", "Enviar o código ao PC", "将代码发送到电脑"],
  "uploads.expireDays": ["Days to keep paused transfers", "Tage, die Pausiertes bleibt", "Días que se conserva lo pausado", "Jours de conservation des pauses", "中断した転送の保存日数", "Dias para manter pausados", "暂停的传输保留天数"],
  "games.trashDays": ["Days to keep deleted games", "Tage, die Gelöschtes bleibt", "Días que se conserva lo borrado", "Jours de conservation des suppressions", "削除したゲームの保存日数", "Dias para manter apagados", "已删除游戏保留天数"],
  "steam.compatTool": ["Proton version", "Proton-Version", "Versión de Proton", "Version de Proton", "Proton のバージョン", "Versão do Proton", "Proton 版本"],
  "steam.restartWhilePlaying": ["Restart Steam even in a game", "Steam auch im Spiel neu starten", "Reiniciar Steam incluso jugando", "Redémarrer Steam même en jeu", "ゲーム中でも Steam を再起動", "Reiniciar o Steam mesmo em jogo", "游戏中也可重启 Steam"],
  "steam.debuggerPort": ["Port of Steam’s debugger", "Port von Steams Debugger", "Puerto del depurador de Steam", "Port du débogueur de Steam", "Steam デバッガーのポート", "Porta do depurador do Steam", "Steam 调试器端口"],
  "overlay.language": ["Language of the code’s card", "Sprache der Code-Anzeige", "Idioma de la tarjeta del código", "Langue de la carte du code", "コード表示の言語", "Idioma do cartão do código", "代码卡片的语言"],
  "overlay.largeText": ["Larger code", "Größerer Code", "Código más grande", "Code plus grand", "コードを大きく表示", "Código maior", "更大的代码"],
  "overlay.reducedMotion": ["Less motion", "Weniger Bewegung", "Menos movimiento", "Moins d’animations", "動きを減らす", "Menos movimento", "减少动态效果"],
  "artwork.localServers": ["Artwork from private networks", "Bilder aus privaten Netzen", "Imágenes de redes privadas", "Images de réseaux privés", "プライベートネットワークの画像", "Imagens de redes privadas", "来自专用网络的图片"],
} satisfies Record<string, Row>;

export type TextKey = keyof typeof rows;

export const table: Record<TextKey, Row> = rows;
