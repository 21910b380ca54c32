/**
 * Every text of the plugin in every language it speaks, the same as native/overlay/overlay_strings.c.
 * The agent's own sentences (errors, notices, details, help of settings) are English and shown as
 * they are. Names in braces are filled in by strings/text.ts.
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
  failed: ["Something went wrong", "Etwas ist schiefgelaufen", "Algo ha salido mal", "Une erreur est survenue", "問題が発生しました", "Algo deu errado", "出了点问题"],
  gone: ["It no longer exists", "Das gibt es nicht mehr", "Ya no existe", "Cela n’existe plus", "もう存在しません", "Não existe mais", "已不存在"],
  notNow: ["Not possible right now", "Das ist gerade nicht möglich", "Ahora mismo no es posible", "Impossible pour le moment", "今は実行できません", "Não é possível agora", "现在无法执行"],
  noSpace: ["Not enough free space", "Nicht genügend Speicherplatz", "No hay espacio suficiente", "Espace disponible insuffisant", "空き容量が足りません", "Espaço insuficiente", "可用空间不足"],
  noAnswer: ["CapyDeck is not responding", "CapyDeck reagiert nicht", "CapyDeck no responde", "CapyDeck ne répond pas", "CapyDeck が応答していません", "O CapyDeck não está respondendo", "CapyDeck 没有响应"],
  notLoaded: ["Could not load", "Laden fehlgeschlagen", "No se ha podido cargar", "Échec du chargement", "読み込めませんでした", "Não foi possível carregar", "无法加载"],
  tryAgain: ["Try again", "Erneut versuchen", "Reintentar", "Réessayer", "再試行", "Tentar novamente", "重试"],
  loading: ["Loading…", "Wird geladen …", "Cargando…", "Chargement…", "読み込み中…", "Carregando…", "正在加载…"],

  // The helper and this device
  starting: ["Starting…", "Wird gestartet …", "Iniciando…", "Démarrage…", "起動中…", "Iniciando…", "正在启动…"],
  notRunning: ["CapyDeck is not running", "CapyDeck läuft nicht", "CapyDeck no se está ejecutando", "CapyDeck n’est pas en cours d’exécution", "CapyDeck が実行されていません", "O CapyDeck não está em execução", "CapyDeck 未运行"],
  thisDevice: ["This device", "Dieses Gerät", "Este dispositivo", "Cet appareil", "このデバイス", "Este dispositivo", "本设备"],
  accept: ["Accept connections", "Verbindungen annehmen", "Aceptar conexiones", "Accepter les connexions", "接続を受け付ける", "Aceitar conexões", "接受连接"],
  noNetwork: ["No network", "Kein Netzwerk", "Sin red", "Pas de réseau", "ネットワークなし", "Sem rede", "无网络"],
  connectedTo: ["Connected to {name}", "Verbunden mit {name}", "Conectado a {name}", "Connecté à {name}", "{name} に接続中", "Conectado a {name}", "已连接到 {name}"],
  notConnected: ["No PC connected", "Kein PC verbunden", "Ningún PC conectado", "Aucun PC connecté", "接続中の PC はありません", "Nenhum PC conectado", "没有电脑连接"],
  notAccepting: ["Connections are turned off", "Verbindungen sind ausgeschaltet", "Las conexiones están desactivadas", "Les connexions sont désactivées", "接続はオフになっています", "As conexões estão desativadas", "连接已关闭"],
  notListening: ["PCs cannot connect", "PCs können sich nicht verbinden", "Los PC no pueden conectarse", "Les PC ne peuvent pas se connecter", "PC から接続できません", "Os PCs não conseguem se conectar", "电脑无法连接"],
  changePort: ["Change the port", "Port ändern", "Cambiar el puerto", "Changer de port", "ポートを変更", "Alterar a porta", "更改端口"],
  notFound: ["PC can’t find this device?", "PC findet dieses Gerät nicht?", "¿El PC no encuentra el dispositivo?", "Le PC ne trouve pas l’appareil ?", "PC から見つかりませんか？", "O PC não encontra o dispositivo?", "电脑找不到本设备？"],
  more: ["Manage CapyDeck", "CapyDeck verwalten", "Administrar CapyDeck", "Gérer CapyDeck", "CapyDeck を管理", "Gerenciar o CapyDeck", "管理 CapyDeck"],
  unlock: ["Unblock PCs", "PCs entsperren", "Desbloquear PC", "Débloquer les PC", "PC のブロックを解除", "Desbloquear PCs", "解除锁定"],
  unlockHint: ["Blocked after too many wrong codes: {count}", "Nach zu vielen falschen Codes gesperrt: {count}", "Bloqueados por demasiados códigos erróneos: {count}", "Bloqués après trop de codes erronés : {count}", "誤ったコードが多すぎてブロック中: {count}", "Bloqueados por excesso de códigos errados: {count}", "因错误代码过多而被锁定：{count}"],

  // Pairing
  pairTitle: ["Pair with {name}?", "Mit {name} koppeln?", "¿Vincular con {name}?", "Associer avec {name} ?", "{name} とペアリングしますか？", "Parear com {name}?", "与 {name} 配对？"],
  pairHint: ["Enter this code on your PC", "Gib diesen Code am PC ein", "Introduce este código en el PC", "Saisissez ce code sur le PC", "このコードを PC に入力してください", "Digite este código no PC", "请在电脑上输入此代码"],
  secondsLeft: ["{count} s", "{count} s", "{count} s", "{count} s", "残り {count} 秒", "{count} s", "剩余 {count} 秒"],
  reject: ["Reject", "Ablehnen", "Rechazar", "Refuser", "拒否", "Recusar", "拒绝"],
  hide: ["Hide", "Ausblenden", "Ocultar", "Masquer", "隠す", "Ocultar", "隐藏"],

  // First use
  firstTitle: ["Getting started", "Erste Schritte", "Primeros pasos", "Premiers pas", "はじめに", "Primeiros passos", "开始使用"],
  firstHub: ["Games come from the CapyDeploy Hub on your PC:", "Spiele kommen vom CapyDeploy Hub auf deinem PC:", "Los juegos llegan desde el CapyDeploy Hub de tu PC:", "Les jeux viennent du CapyDeploy Hub de votre PC :", "ゲームは PC の CapyDeploy Hub から送ります:", "Os jogos vêm do CapyDeploy Hub no seu PC:", "游戏由电脑上的 CapyDeploy Hub 发送："],
  firstCode: ["Connect there, and a code to type on the PC appears here.", "Verbinde dich dort, dann erscheint hier ein Code, den du am PC eingibst.", "Conéctate allí y aquí aparecerá un código para escribir en el PC.", "Connectez-vous là-bas : un code à saisir sur le PC apparaîtra ici.", "Hub から接続すると、PC に入力するコードがここに表示されます。", "Conecte-se por lá e aparecerá aqui um código para digitar no PC.", "在 Hub 中连接，此处会显示要在电脑上输入的代码。"],
  firstPush: ["Or without it, from a PC that has CapyDeck:", "Oder ohne ihn, von einem PC mit CapyDeck:", "O sin él, desde un PC que tenga CapyDeck:", "Ou sans lui, depuis un PC doté de CapyDeck :", "Hub なしでも、CapyDeck のある PC から送れます:", "Ou sem ele, de um PC com o CapyDeck:", "也可以不用 Hub，从装有 CapyDeck 的电脑发送："],
  folder: ["FOLDER", "ORDNER", "CARPETA", "DOSSIER", "フォルダー", "PASTA", "文件夹"],

  // Transfers
  transfers: ["Transfers", "Übertragungen", "Transferencias", "Transferts", "転送", "Transferências", "传输"],
  amount: ["{done} of {total}", "{done} von {total}", "{done} de {total}", "{done} sur {total}", "{done} / {total}", "{done} de {total}", "{done} / {total}"],
  installing: ["Installing…", "Wird installiert …", "Instalando…", "Installation…", "インストール中…", "Instalando…", "正在安装…"],
  waiting: ["Waiting…", "Wartet …", "Esperando…", "En attente…", "待機中…", "Aguardando…", "等待中…"],
  paused: ["Paused", "Pausiert", "En pausa", "En pause", "一時停止中", "Pausado", "已暂停"],
  resumeHint: ["Send it again from your PC to resume.", "Sende es noch einmal vom PC, um fortzufahren.", "Envíalo de nuevo desde el PC para continuar.", "Renvoyez-le depuis le PC pour reprendre.", "PC からもう一度送ると再開します。", "Envie de novo pelo PC para continuar.", "从电脑再次发送即可继续。"],
  keptUntil: ["Kept until {date}.", "Aufbewahrt bis {date}.", "Se conserva hasta el {date}.", "Conservé jusqu’au {date}.", "{date} まで保存されます。", "Mantido até {date}.", "保留至 {date}。"],
  discard: ["Discard", "Verwerfen", "Descartar", "Supprimer", "破棄", "Descartar", "丢弃"],
  cancelTransfer: ["Cancel transfer", "Übertragung abbrechen", "Cancelar transferencia", "Annuler le transfert", "転送をキャンセル", "Cancelar transferência", "取消传输"],
  cancelTitle: ["Cancel the transfer of “{name}”?", "Übertragung von „{name}“ abbrechen?", "¿Cancelar la transferencia de «{name}»?", "Annuler le transfert de « {name} » ?", "「{name}」の転送をキャンセルしますか？", "Cancelar a transferência de “{name}”?", "取消传输“{name}”？"],
  cancelText: ["The {size} received so far will be deleted.", "Die bisher empfangenen {size} werden gelöscht.", "Se borrará lo recibido hasta ahora ({size}).", "Les {size} déjà reçus seront supprimés.", "受信済みのデータ（{size}）は削除されます。", "O que já foi recebido ({size}) será apagado.", "已接收的 {size} 将被删除。"],
  keep: ["Keep", "Behalten", "Conservar", "Conserver", "残す", "Manter", "保留"],

  // Games
  games: ["Games", "Spiele", "Juegos", "Jeux", "ゲーム", "Jogos", "游戏"],
  allGames: ["All games ({count})", "Alle Spiele ({count})", "Todos los juegos ({count})", "Tous les jeux ({count})", "すべてのゲーム ({count})", "Todos os jogos ({count})", "所有游戏（{count}）"],
  noGames: ["No games yet. Send one from your PC.", "Noch keine Spiele. Sende eins vom PC.", "Aún no hay juegos. Envía uno desde el PC.", "Aucun jeu. Envoyez-en un depuis le PC.", "ゲームはまだありません。PC から送ってください。", "Nenhum jogo ainda. Envie um pelo PC.", "还没有游戏。请从电脑发送。"],
  notInLibrary: ["not in your library", "nicht in der Bibliothek", "no está en la biblioteca", "absent de la bibliothèque", "ライブラリにありません", "fora da biblioteca", "不在库中"],
  startGame: ["Play", "Spielen", "Jugar", "Jouer", "プレイ", "Jogar", "开始游戏"],
  openPage: ["Open its page", "Seite öffnen", "Abrir su página", "Ouvrir sa page", "ページを開く", "Abrir a página", "打开页面"],
  deleteGame: ["Delete", "Löschen", "Borrar", "Supprimer", "削除", "Apagar", "删除"],
  deleteTitle: ["Delete “{name}”?", "„{name}“ löschen?", "¿Borrar «{name}»?", "Supprimer « {name} » ?", "「{name}」を削除しますか？", "Apagar “{name}”?", "删除“{name}”？"],
  deleteText: ["It will be removed from your library. You can restore it from “Deleted games” for a few days.", "Es wird aus der Bibliothek entfernt. Einige Tage lang kannst du es unter „Gelöschte Spiele“ wiederherstellen.", "Se quitará de la biblioteca. Durante unos días podrás restaurarlo en «Juegos borrados».", "Il sera retiré de la bibliothèque. Vous pourrez le restaurer depuis « Jeux supprimés » pendant quelques jours.", "ライブラリから削除されます。数日間は「削除したゲーム」から復元できます。", "Ele será removido da biblioteca. Por alguns dias você pode restaurá-lo em “Jogos apagados”.", "它将从库中移除。几天内可在“已删除的游戏”中恢复。"],
  trash: ["Deleted games", "Gelöschte Spiele", "Juegos borrados", "Jeux supprimés", "削除したゲーム", "Jogos apagados", "已删除的游戏"],
  noTrash: ["No deleted games.", "Keine gelöschten Spiele.", "No hay juegos borrados.", "Aucun jeu supprimé.", "削除したゲームはありません。", "Nenhum jogo apagado.", "没有已删除的游戏。"],
  restore: ["Restore", "Wiederherstellen", "Restaurar", "Restaurer", "復元", "Restaurar", "恢复"],
  restorableUntil: ["kept until {date}", "aufbewahrt bis {date}", "se conserva hasta el {date}", "conservé jusqu’au {date}", "{date} まで保存", "mantido até {date}", "保留至 {date}"],
  forGood: ["Delete permanently", "Endgültig löschen", "Borrar definitivamente", "Supprimer définitivement", "完全に削除", "Apagar definitivamente", "永久删除"],
  forGoodTitle: ["Permanently delete “{name}”?", "„{name}“ endgültig löschen?", "¿Borrar «{name}» definitivamente?", "Supprimer définitivement « {name} » ?", "「{name}」を完全に削除しますか？", "Apagar “{name}” definitivamente?", "永久删除“{name}”？"],
  forGoodText: ["This frees up {size} and can’t be undone.", "Das gibt {size} frei und kann nicht rückgängig gemacht werden.", "Se liberarán {size}. No se puede deshacer.", "Cette action libère {size} et est irréversible.", "{size} が解放されます。この操作は元に戻せません。", "Isso libera {size} e não pode ser desfeito.", "将释放 {size}，且无法撤销。"],

  waitsForCode: ["Waiting for a code, at {address}", "Wartet auf einen Code, unter {address}", "Espera un código, en {address}", "Attend un code, à {address}", "コードを待っています（{address}）", "Aguarda um código, em {address}", "正在等待代码（{address}）"],
  showItsCode: ["Show its code", "Seinen Code zeigen", "Mostrar su código", "Afficher son code", "このコードを表示", "Mostrar o código dele", "显示它的代码"],

  // Libraries: folders and cards
  libraries: ["Storage", "Speicher", "Almacenamiento", "Stockage", "ストレージ", "Armazenamento", "存储"],
  freeSpace: ["{size} free", "{size} frei", "{size} libres", "{size} libres", "空き {size}", "{size} livres", "可用 {size}"],
  gamesHeld: ["Games: {count}", "Spiele: {count}", "Juegos: {count}", "Jeux : {count}", "ゲーム: {count}", "Jogos: {count}", "游戏：{count}"],
  transfersHeld: ["Unfinished transfers: {count}", "Unfertige Übertragungen: {count}", "Transferencias sin terminar: {count}", "Transferts inachevés : {count}", "未完了の転送: {count}", "Transferências inacabadas: {count}", "未完成的传输：{count}"],
  deletedHeld: ["Deleted games: {count}", "Gelöschte Spiele: {count}", "Juegos borrados: {count}", "Jeux supprimés : {count}", "削除したゲーム: {count}", "Jogos apagados: {count}", "已删除的游戏：{count}"],
  libraryAway: ["Not available", "Nicht verfügbar", "No disponible", "Non disponible", "利用できません", "Indisponível", "不可用"],
  libraryUnreadable: ["Cannot be read now", "Zurzeit nicht lesbar", "No se puede leer ahora", "Illisible pour le moment", "現在読み取れません", "Não pode ser lido agora", "目前无法读取"],
  libraryReadOnly: ["Games cannot be installed here", "Hier können keine Spiele installiert werden", "No se pueden instalar juegos aquí", "Impossible d’y installer des jeux", "ここにはゲームをインストールできません", "Não é possível instalar jogos aqui", "无法在此安装游戏"],
  libraryNoExec: ["Games here will not start", "Spiele starten von hier nicht", "Los juegos no se iniciarán desde aquí", "Les jeux ne démarreront pas d’ici", "ここのゲームは起動できません", "Os jogos daqui não iniciarão", "此处的游戏无法启动"],

  // Paired PCs
  hubs: ["Paired PCs", "Gekoppelte PCs", "PC vinculados", "PC associés", "ペアリング済みの PC", "PCs pareados", "已配对的电脑"],
  noHubs: ["No paired PCs yet. Connect from the Hub on your PC and a code will appear here.", "Noch keine gekoppelten PCs. Verbinde dich mit dem Hub am PC, dann erscheint hier ein Code.", "Aún no hay ningún PC vinculado. Conéctate desde el Hub del PC y aquí aparecerá un código.", "Aucun PC associé. Connectez-vous depuis le Hub du PC : un code apparaîtra ici.", "ペアリング済みの PC はありません。PC の Hub から接続すると、ここにコードが表示されます。", "Nenhum PC pareado ainda. Conecte-se pelo Hub no PC e um código aparecerá aqui.", "还没有配对的电脑。在电脑上用 Hub 连接，此处会显示代码。"],
  connectedNow: ["Connected", "Verbunden", "Conectado", "Connecté", "接続中", "Conectado", "已连接"],
  lastSeen: ["Last seen {date}", "Zuletzt gesehen: {date}", "Última conexión: {date}", "Dernière connexion : {date}", "最終接続: {date}", "Última conexão: {date}", "上次连接：{date}"],
  unpair: ["Unpair", "Entkoppeln", "Desvincular", "Dissocier", "ペアリング解除", "Desparear", "取消配对"],
  unpairTitle: ["Unpair {name}?", "{name} entkoppeln?", "¿Desvincular {name}?", "Dissocier {name} ?", "{name} のペアリングを解除しますか？", "Desparear {name}?", "取消与 {name} 的配对？"],
  unpairText: ["It will need a new code to send games again.", "Er braucht einen neuen Code, um wieder Spiele zu senden.", "Necesitará un código nuevo para volver a enviar juegos.", "Il lui faudra un nouveau code pour envoyer des jeux.", "再びゲームを送るには新しいコードが必要です。", "Ele precisará de um novo código para enviar jogos.", "再次发送游戏前需要新的配对代码。"],

  // Steam
  steam: ["Steam", "Steam", "Steam", "Steam", "Steam", "Steam", "Steam"],
  steamUi: ["New games appear in your library right away", "Neue Spiele erscheinen sofort in der Bibliothek", "Los juegos nuevos aparecen al instante en la biblioteca", "Les nouveaux jeux apparaissent aussitôt dans la bibliothèque", "新しいゲームはすぐにライブラリに表示されます", "Os jogos novos aparecem na hora na biblioteca", "新游戏会立即出现在库中"],
  steamCef: ["New games appear right away, through Steam’s debugger", "Neue Spiele erscheinen sofort, über Steams Debugger", "Los juegos nuevos aparecen al instante, mediante el depurador de Steam", "Les nouveaux jeux apparaissent aussitôt, via le débogueur de Steam", "新しいゲームは Steam のデバッガー経由ですぐに表示されます", "Os jogos novos aparecem na hora, pelo depurador do Steam", "通过 Steam 调试器，新游戏会立即出现"],
  steamFiles: ["Steam is closed. New games appear when it starts", "Steam ist beendet. Neue Spiele erscheinen beim Start", "Steam está cerrado. Los juegos nuevos aparecerán al iniciarlo", "Steam est fermé. Les nouveaux jeux apparaîtront à son démarrage", "Steam は終了しています。新しいゲームは起動時に表示されます", "O Steam está fechado. Os jogos novos aparecem quando ele abrir", "Steam 已关闭。启动后会出现新游戏"],
  steamNone: ["New games appear after Steam restarts", "Neue Spiele erscheinen nach einem Neustart von Steam", "Los juegos nuevos aparecerán al reiniciar Steam", "Les nouveaux jeux apparaîtront après un redémarrage de Steam", "新しいゲームは Steam の再起動後に表示されます", "Os jogos novos aparecem após reiniciar o Steam", "重启 Steam 后会出现新游戏"],
  queued: ["Changes waiting for Steam: {count}", "Änderungen, die auf Steam warten: {count}", "Cambios pendientes de Steam: {count}", "Changements en attente de Steam : {count}", "Steam を待っている変更: {count}", "Alterações à espera do Steam: {count}", "等待 Steam 的更改：{count}"],
  restartSteam: ["Restart Steam", "Steam neu starten", "Reiniciar Steam", "Redémarrer Steam", "Steam を再起動", "Reiniciar o Steam", "重启 Steam"],
  restartTitle: ["Restart Steam?", "Steam neu starten?", "¿Reiniciar Steam?", "Redémarrer Steam ?", "Steam を再起動しますか？", "Reiniciar o Steam?", "重启 Steam？"],
  restartText: ["Pending changes will be applied. Steam won’t restart while a game is running.", "Ausstehende Änderungen werden übernommen. Solange ein Spiel läuft, startet Steam nicht neu.", "Se aplicarán los cambios pendientes. Steam no se reiniciará mientras haya un juego en ejecución.", "Les changements en attente seront appliqués. Steam ne redémarre pas tant qu’un jeu est en cours.", "保留中の変更が適用されます。ゲームの実行中は再起動できません。", "As alterações pendentes serão aplicadas. O Steam não reinicia enquanto um jogo estiver em execução.", "待处理的更改将会应用。游戏运行时 Steam 不会重启。"],

  // Settings
  settings: ["Settings", "Einstellungen", "Ajustes", "Paramètres", "設定", "Configurações", "设置"],
  change: ["Change", "Ändern", "Cambiar", "Modifier", "変更", "Alterar", "更改"],
  nextStart: ["Takes effect after a restart.", "Gilt nach einem Neustart.", "Se aplicará tras reiniciar.", "Prend effet après un redémarrage.", "再起動後に有効になります。", "Entra em vigor após reiniciar.", "重启后生效。"],
  listHint: ["Separate entries with commas.", "Einträge durch Kommas trennen.", "Separa las entradas con comas.", "Séparez les entrées par des virgules.", "複数の項目はコンマで区切ります。", "Separe os itens com vírgulas.", "多个条目请用逗号分隔。"],

  // “Why can the PC not find this device?”
  help: ["Help", "Hilfe", "Ayuda", "Aide", "ヘルプ", "Ajuda", "帮助"],
  helpNoNetwork: ["This device is not on a network. Connect it to the same network as your PC.", "Dieses Gerät ist mit keinem Netzwerk verbunden. Verbinde es mit dem Netzwerk deines PCs.", "Este dispositivo no está conectado a ninguna red. Conéctalo a la misma red que el PC.", "Cet appareil n’est connecté à aucun réseau. Connectez-le au même réseau que le PC.", "このデバイスはネットワークに接続されていません。PC と同じネットワークに接続してください。", "Este dispositivo não está em nenhuma rede. Conecte-o à mesma rede do PC.", "本设备未连接网络。请连接到电脑所在的网络。"],
  helpAccept: ["“Accept connections” is off. Turn it on.", "„Verbindungen annehmen“ ist aus. Schalte es ein.", "«Aceptar conexiones» está desactivado. Actívalo.", "« Accepter les connexions » est désactivé. Activez-le.", "「接続を受け付ける」がオフです。オンにしてください。", "“Aceitar conexões” está desativado. Ative-o.", "“接受连接”已关闭。请将其打开。"],
  helpListening: ["PCs cannot connect. Choose another port under “Settings”.", "PCs können sich nicht verbinden. Wähle unter „Einstellungen“ einen anderen Port.", "Los PC no pueden conectarse. Elige otro puerto en «Ajustes».", "Les PC ne peuvent pas se connecter. Choisissez un autre port dans « Paramètres ».", "PC から接続できません。「設定」で別のポートを選んでください。", "Os PCs não conseguem se conectar. Escolha outra porta em “Configurações”.", "电脑无法连接。请在“设置”中选择其他端口。"],
  helpMdnsOff: ["PCs can’t discover this device automatically.", "PCs können dieses Gerät nicht automatisch finden.", "Los PC no pueden detectar este dispositivo automáticamente.", "Les PC ne peuvent pas détecter cet appareil automatiquement.", "PC からこのデバイスを自動検出できません。", "Os PCs não conseguem detectar este dispositivo automaticamente.", "电脑无法自动发现本设备。"],
  helpMdnsStarting: ["This device will be visible on the network in a moment.", "Dieses Gerät ist gleich im Netzwerk sichtbar.", "Este dispositivo será visible en la red en un momento.", "Cet appareil sera visible sur le réseau dans un instant.", "まもなくネットワーク上に表示されます。", "Este dispositivo ficará visível na rede em instantes.", "本设备稍后即可在网络上被发现。"],
  helpMdnsOk: ["This device is visible on the network as “{name}”.", "Dieses Gerät ist im Netzwerk als „{name}“ sichtbar.", "Este dispositivo es visible en la red como «{name}».", "Cet appareil est visible sur le réseau sous le nom « {name} ».", "ネットワーク上に「{name}」として表示されています。", "Este dispositivo está visível na rede como “{name}”.", "本设备在网络上显示为“{name}”。"],
  helpBusy: ["{name} is connected. Only one PC can connect at a time.", "{name} ist verbunden. Nur ein PC kann zur selben Zeit verbunden sein.", "{name} está conectado. Solo puede conectarse un PC a la vez.", "{name} est connecté. Un seul PC peut se connecter à la fois.", "{name} が接続中です。同時に接続できる PC は 1 台です。", "{name} está conectado. Só um PC pode se conectar por vez.", "{name} 已连接。一次只能连接一台电脑。"],
  helpSameNet: ["Your PC and this device must be on the same network. Guest Wi-Fi and VPNs often keep devices apart.", "PC und Gerät müssen im selben Netzwerk sein. Gäste-WLAN und VPNs trennen Geräte oft voneinander.", "El PC y el dispositivo deben estar en la misma red. Las redes de invitados y las VPN suelen aislarlos.", "Le PC et l’appareil doivent être sur le même réseau. Le Wi-Fi invité et les VPN isolent souvent les appareils.", "PC とこのデバイスは同じネットワークにある必要があります。ゲスト Wi-Fi や VPN ではデバイス同士が通信できないことがあります。", "O PC e o dispositivo precisam estar na mesma rede. Wi-Fi de convidados e VPNs costumam isolar dispositivos.", "电脑与本设备须在同一网络中。访客 Wi-Fi 和 VPN 常会隔离设备。"],
  helpManual: ["You can also enter the address in the Hub:", "Du kannst die Adresse auch im Hub eingeben:", "También puedes introducir la dirección en el Hub:", "Vous pouvez aussi saisir l’adresse dans le Hub :", "Hub にアドレスを直接入力することもできます:", "Você também pode digitar o endereço no Hub:", "也可以在 Hub 中输入地址："],
  helpPort: ["Firewalls must allow TCP port {port}, and UDP port 5353 for discovery.", "Firewalls müssen TCP-Port {port} durchlassen, und UDP-Port 5353 zum Auffinden.", "Los cortafuegos deben permitir el puerto TCP {port} y, para la detección, el UDP 5353.", "Les pare-feu doivent autoriser le port TCP {port}, et le port UDP 5353 pour la détection.", "ファイアウォールで TCP ポート {port} と、検出用の UDP ポート 5353 を許可してください。", "Firewalls devem liberar a porta TCP {port} e, para a detecção, a UDP 5353.", "防火墙须放行 TCP 端口 {port}，以及用于发现的 UDP 端口 5353。"],

  // Toasts
  toastStarted: ["Receiving from {name}", "Wird von {name} empfangen", "Recibiendo de {name}", "Réception depuis {name}", "{name} から受信中", "Recebendo de {name}", "正在从 {name} 接收"],
  toastInstalled: ["Installed", "Installiert", "Instalado", "Installé", "インストールしました", "Instalado", "已安装"],
  toastInterrupted: ["Interrupted at {percent}", "Unterbrochen bei {percent}", "Interrumpido al {percent}", "Interrompu à {percent}", "{percent} で中断しました", "Interrompido em {percent}", "在 {percent} 处中断"],
  toastCancelled: ["Transfer canceled", "Übertragung abgebrochen", "Transferencia cancelada", "Transfert annulé", "転送がキャンセルされました", "Transferência cancelada", "传输已取消"],

  // The settings' names, by key
  "agent.name": ["Name", "Name", "Nombre", "Nom", "名前", "Nome", "名称"],
  "agent.port": ["Port", "Port", "Puerto", "Port", "ポート", "Porta", "端口"],
  "library.path": ["Install folder", "Installationsordner", "Carpeta de instalación", "Dossier d’installation", "インストール先フォルダー", "Pasta de instalação", "安装文件夹"],
  "library.extra": ["More install folders", "Weitere Installationsordner", "Otras carpetas de instalación", "Autres dossiers d’installation", "その他のインストール先", "Outras pastas de instalação", "其他安装文件夹"],
  "connections.accept": ["Accept connections", "Verbindungen annehmen", "Aceptar conexiones", "Accepter les connexions", "接続を受け付ける", "Aceitar conexões", "接受连接"],
  "connections.allowedOrigins": ["Web pages allowed to connect", "Webseiten, die sich verbinden dürfen", "Páginas web permitidas", "Pages web autorisées", "接続を許可する Web ページ", "Páginas web permitidas", "允许连接的网页"],
  "pairing.sendCodeToHub": ["Send the code to the PC", "Code an den PC senden", "Enviar el código al PC", "Envoyer le code au PC", "コードを PC に送る", "Enviar o código ao PC", "将代码发送到电脑"],
  "uploads.expireDays": ["Days to keep paused transfers", "Aufbewahrung pausierter Übertragungen (Tage)", "Días para conservar transferencias en pausa", "Jours de conservation des transferts en pause", "一時停止した転送の保存日数", "Dias para manter transferências pausadas", "暂停的传输保留天数"],
  "games.trashDays": ["Days to keep deleted games", "Aufbewahrung gelöschter Spiele (Tage)", "Días para conservar juegos borrados", "Jours de conservation des jeux supprimés", "削除したゲームの保存日数", "Dias para manter jogos apagados", "已删除游戏保留天数"],
  "steam.compatTool": ["Proton version", "Proton-Version", "Versión de Proton", "Version de Proton", "Proton のバージョン", "Versão do Proton", "Proton 版本"],
  "steam.restartWhilePlaying": ["Restart Steam during games", "Steam auch im Spiel neu starten", "Reiniciar Steam incluso jugando", "Redémarrer Steam même en jeu", "ゲーム中でも Steam を再起動", "Reiniciar o Steam mesmo em jogo", "游戏中也可重启 Steam"],
  "steam.debuggerPort": ["Steam debugger port", "Port des Steam-Debuggers", "Puerto del depurador de Steam", "Port du débogueur de Steam", "Steam デバッガーのポート", "Porta do depurador do Steam", "Steam 调试器端口"],
  "overlay.language": ["Pairing code language", "Sprache der Code-Anzeige", "Idioma del código de vinculación", "Langue du code d’association", "コード表示の言語", "Idioma do código de pareamento", "配对代码的语言"],
  "overlay.largeText": ["Larger pairing code", "Größerer Code", "Código más grande", "Code plus grand", "コードを大きく表示", "Código maior", "更大的代码"],
  "overlay.reducedMotion": ["Reduce motion", "Weniger Bewegung", "Reducir movimiento", "Réduire les animations", "動きを減らす", "Reduzir movimento", "减少动态效果"],
  "artwork.localServers": ["Allow artwork from private networks", "Bilder aus privaten Netzen zulassen", "Permitir imágenes de redes privadas", "Autoriser les images de réseaux privés", "プライベートネットワークの画像を許可", "Permitir imagens de redes privadas", "允许来自专用网络的图片"],
} satisfies Record<string, Row>;

export type TextKey = keyof typeof rows;

export const table: Record<TextKey, Row> = rows;
