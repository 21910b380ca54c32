import type { Row } from "./languages.js";
import { refusalRows } from "./refusals.js";
import { settingRows } from "./settings.js";

/**
 * Every text of the plugin in every language it speaks, the same as native/overlay/overlay_strings.c.
 * The agent's own sentences are English: what they say is told in the user's language by what comes
 * with them (settings.ts, refusals.ts), and only what is rare is shown as it is. Names in braces are
 * filled in by strings/text.ts.
 */
export { languages } from "./languages.js";
export type { Language } from "./languages.js";

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
  uploadAway: ["Its card or disk is not there. Insert it to resume.", "Die Karte oder der Datenträger fehlt. Leg sie ein, um fortzufahren.", "Falta su tarjeta o disco. Insértalo para continuar.", "Sa carte ou son disque est absent. Insérez-le pour reprendre.", "カードまたはディスクがありません。挿入すると再開できます。", "O cartão ou disco não está presente. Insira-o para continuar.", "存储卡或磁盘不在。插入后即可继续。"],
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
  cannotStart: ["Steam cannot start it", "Steam kann es nicht starten", "Steam no puede iniciarlo", "Steam ne peut pas le lancer", "Steam では起動できません", "O Steam não consegue iniciá-lo", "Steam 无法启动"],
  notInLibrary: ["not in your library", "nicht in der Bibliothek", "no está en la biblioteca", "absent de la bibliothèque", "ライブラリにありません", "fora da biblioteca", "不在库中"],
  startGame: ["Play", "Spielen", "Jugar", "Jouer", "プレイ", "Jogar", "开始游戏"],
  openPage: ["Open its page", "Seite öffnen", "Abrir su página", "Ouvrir sa page", "ページを開く", "Abrir a página", "打开页面"],
  deleteGame: ["Delete", "Löschen", "Borrar", "Supprimer", "削除", "Apagar", "删除"],
  deleteTitle: ["Delete “{name}”?", "„{name}“ löschen?", "¿Borrar «{name}»?", "Supprimer « {name} » ?", "「{name}」を削除しますか？", "Apagar “{name}”?", "删除“{name}”？"],
  deleteText: ["It will be removed from your library. For {days} you can restore it from “Deleted games”; until then its {size} stay used.", "Es wird aus der Bibliothek entfernt. {days} lang kannst du es unter „Gelöschte Spiele“ wiederherstellen; so lange belegt es weiter {size}.", "Se quitará de la biblioteca. Durante {days} podrás restaurarlo en «Juegos borrados»; hasta entonces seguirá ocupando {size}.", "Il sera retiré de la bibliothèque. Pendant {days}, vous pourrez le restaurer depuis « Jeux supprimés » ; il occupera {size} jusque-là.", "ライブラリから削除されます。{days}間は「削除したゲーム」から復元でき、その間は {size} を使い続けます。", "Ele será removido da biblioteca. Por {days} você pode restaurá-lo em “Jogos apagados”; até lá ele continua ocupando {size}.", "它将从库中移除。{days}内可在“已删除的游戏”中恢复；在此期间仍占用 {size}。"],
  prefixStays: ["What Windows games save stays in {path}", "Was Windows-Spiele speichern, bleibt in {path}", "Lo que guardan los juegos de Windows queda en {path}", "Ce que les jeux Windows enregistrent reste dans {path}", "Windows 用ゲームのセーブは {path} に残ります", "O que os jogos de Windows salvam fica em {path}", "Windows 游戏的存档保留在 {path}"],
  trash: ["Deleted games", "Gelöschte Spiele", "Juegos borrados", "Jeux supprimés", "削除したゲーム", "Jogos apagados", "已删除的游戏"],
  noTrash: ["No deleted games.", "Keine gelöschten Spiele.", "No hay juegos borrados.", "Aucun jeu supprimé.", "削除したゲームはありません。", "Nenhum jogo apagado.", "没有已删除的游戏。"],
  restore: ["Restore", "Wiederherstellen", "Restaurar", "Restaurer", "復元", "Restaurar", "恢复"],
  restorableUntil: ["kept until {date}", "aufbewahrt bis {date}", "se conserva hasta el {date}", "conservé jusqu’au {date}", "{date} まで保存", "mantido até {date}", "保留至 {date}"],
  forGood: ["Delete permanently", "Endgültig löschen", "Borrar definitivamente", "Supprimer définitivement", "完全に削除", "Apagar definitivamente", "永久删除"],
  forGoodTitle: ["Permanently delete “{name}”?", "„{name}“ endgültig löschen?", "¿Borrar «{name}» definitivamente?", "Supprimer définitivement « {name} » ?", "「{name}」を完全に削除しますか？", "Apagar “{name}” definitivamente?", "永久删除“{name}”？"],
  forGoodText: ["This frees up {size} and can’t be undone.", "Das gibt {size} frei und kann nicht rückgängig gemacht werden.", "Se liberarán {size}. No se puede deshacer.", "Cette action libère {size} et est irréversible.", "{size} が解放されます。この操作は元に戻せません。", "Isso libera {size} e não pode ser desfeito.", "将释放 {size}，且无法撤销。"],

  waitsForCode: ["Waiting for a code, at {address}", "Wartet auf einen Code, unter {address}", "Espera un código, en {address}", "Attend un code, à {address}", "コードを待っています（{address}）", "Aguarda um código, em {address}", "正在等待代码（{address}）"],
  showItsCode: ["Show its code", "Seinen Code zeigen", "Mostrar su código", "Afficher son code", "このコードを表示", "Mostrar o código dele", "显示它的代码"],

  // What updates have replaced
  kept: ["Kept files", "Aufbewahrte Dateien", "Archivos conservados", "Fichiers conservés", "保存されたファイル", "Arquivos mantidos", "保留的文件"],
  noKept: ["No update has replaced anything.", "Keine Aktualisierung hat etwas ersetzt.", "Ninguna actualización ha reemplazado nada.", "Aucune mise à jour n’a remplacé quoi que ce soit.", "更新で置き換えられたものはありません。", "Nenhuma atualização substituiu nada.", "没有更新替换过任何内容。"],
  keptOfYours: ["your files: {count}", "deine Dateien: {count}", "archivos tuyos: {count}", "vos fichiers : {count}", "あなたのファイル: {count}", "seus arquivos: {count}", "你的文件：{count}"],
  keptOfBuild: ["replaced or removed of the previous build: {count} ({size})", "vom vorigen Stand ersetzt oder entfernt: {count} ({size})", "reemplazados o quitados de la versión anterior: {count} ({size})", "remplacés ou retirés de la version précédente : {count} ({size})", "以前のビルドから置換・削除: {count} ({size})", "substituídos ou removidos da versão anterior: {count} ({size})", "从上一版本替换或移除：{count}（{size}）"],
  previousBuild: ["Previous build", "Voriger Stand", "Versión anterior", "Version précédente", "以前のビルド", "Versão anterior", "上一版本"],
  rolledBack: ["The previous build is back", "Der vorige Stand ist wieder da", "La versión anterior está de vuelta", "La version précédente est de retour", "以前のビルドに戻しました", "A versão anterior está de volta", "已恢复上一版本"],
  restoreFile: ["Restore {name}", "{name} wiederherstellen", "Restaurar {name}", "Restaurer {name}", "{name} を復元", "Restaurar {name}", "恢复 {name}"],
  restored: ["Files restored: {count}", "Wiederhergestellte Dateien: {count}", "Archivos restaurados: {count}", "Fichiers restaurés : {count}", "復元したファイル: {count}", "Arquivos restaurados: {count}", "已恢复文件：{count}"],
  discardKeptTitle: ["Permanently delete the kept files of “{name}”?", "Aufbewahrte Dateien von „{name}“ endgültig löschen?", "¿Borrar definitivamente los archivos conservados de «{name}»?", "Supprimer définitivement les fichiers conservés de « {name} » ?", "「{name}」の保存されたファイルを完全に削除しますか？", "Apagar definitivamente os arquivos mantidos de “{name}”?", "永久删除“{name}”保留的文件？"],
  toastKept: ["Your files that the update replaced are kept: {count}", "Deine von der Aktualisierung ersetzten Dateien sind aufbewahrt: {count}", "Se conservan tus archivos reemplazados por la actualización: {count}", "Vos fichiers remplacés par la mise à jour sont conservés : {count}", "更新で置き換えられたあなたのファイルを保存しました: {count}", "Seus arquivos substituídos pela atualização foram mantidos: {count}", "更新所替换的你的文件已保留：{count}"],

  // Libraries: folders and cards
  libraries: ["Storage", "Speicher", "Almacenamiento", "Stockage", "ストレージ", "Armazenamento", "存储"],
  freeOf: ["{free} of {total} free", "{free} von {total} frei", "{free} libres de {total}", "{free} libres sur {total}", "空き {free} / {total}", "{free} livres de {total}", "可用 {free} / 共 {total}"],
  libraryHere: ["New games go here", "Neue Spiele kommen hierher", "Los juegos nuevos van aquí", "Les nouveaux jeux vont ici", "新しいゲームの保存先", "Os jogos novos vão para cá", "新游戏安装在此"],
  useLibrary: ["Install new games here", "Neue Spiele hier installieren", "Instalar aquí los juegos nuevos", "Installer les nouveaux jeux ici", "新しいゲームをここに保存", "Instalar os jogos novos aqui", "将新游戏安装在此"],
  chooseFolder: ["Choose another folder", "Anderen Ordner wählen", "Elegir otra carpeta", "Choisir un autre dossier", "別のフォルダーを選ぶ", "Escolher outra pasta", "选择其他文件夹"],
  chooseHint: ["On the SSD or a card. New folders cannot be made there.", "Auf der SSD oder einer Karte. Neue Ordner lassen sich dort nicht anlegen.", "En el SSD o en una tarjeta. Allí no se pueden crear carpetas.", "Sur le SSD ou une carte. On ne peut pas y créer de dossier.", "SSD またはカード上のフォルダーです。新規作成はできません。", "No SSD ou em um cartão. Não é possível criar pastas ali.", "可选 SSD 或存储卡上的文件夹，但无法新建文件夹。"],
  gamesHeld: ["Games: {count}", "Spiele: {count}", "Juegos: {count}", "Jeux : {count}", "ゲーム: {count}", "Jogos: {count}", "游戏：{count}"],
  transfersHeld: ["Unfinished transfers: {count}", "Unfertige Übertragungen: {count}", "Transferencias sin terminar: {count}", "Transferts inachevés : {count}", "未完了の転送: {count}", "Transferências inacabadas: {count}", "未完成的传输：{count}"],
  deletedHeld: ["Deleted games: {count}", "Gelöschte Spiele: {count}", "Juegos borrados: {count}", "Jeux supprimés : {count}", "削除したゲーム: {count}", "Jogos apagados: {count}", "已删除的游戏：{count}"],
  libraryAway: ["Not available. Insert its card, or move the folder back.", "Nicht verfügbar. Leg die Karte ein oder verschiebe den Ordner zurück.", "No disponible. Inserta la tarjeta o devuelve la carpeta a su sitio.", "Non disponible. Insérez la carte ou remettez le dossier à sa place.", "利用できません。カードを挿入するか、フォルダーを元に戻してください。", "Indisponível. Insira o cartão ou devolva a pasta ao lugar.", "不可用。请插入存储卡，或将文件夹移回原处。"],
  libraryUnreadable: ["Cannot be read now. Insert its card again, or check it in a PC.", "Zurzeit nicht lesbar. Leg die Karte neu ein oder prüfe sie in einem PC.", "No se puede leer ahora. Vuelve a insertar la tarjeta o revísala en un PC.", "Illisible pour le moment. Réinsérez la carte ou vérifiez-la sur un PC.", "現在読み取れません。カードを挿し直すか、PC で確認してください。", "Não pode ser lido agora. Insira o cartão de novo ou verifique-o em um PC.", "目前无法读取。请重新插入存储卡，或在电脑上检查。"],
  libraryReadOnly: ["Games cannot be installed here: it is read-only, or somebody else’s.", "Hier können keine Spiele installiert werden: schreibgeschützt oder jemand anderes Ordner.", "No se pueden instalar juegos aquí: es de solo lectura o de otro usuario.", "Impossible d’y installer des jeux : lecture seule, ou appartient à quelqu’un d’autre.", "ここにはインストールできません。読み取り専用か、他のユーザーのものです。", "Não é possível instalar jogos aqui: é somente leitura ou de outro usuário.", "无法在此安装游戏：只读，或属于其他用户。"],
  libraryNoExec: ["Games here will not start: its disk does not allow programs.", "Spiele starten von hier nicht: Der Datenträger erlaubt keine Programme.", "Los juegos no se iniciarán desde aquí: el disco no permite programas.", "Les jeux ne démarreront pas d’ici : le disque n’autorise pas les programmes.", "ここのゲームは起動できません。ディスクがプログラムの実行を許可していません。", "Os jogos daqui não iniciarão: o disco não permite programas.", "此处的游戏无法启动：磁盘不允许运行程序。"],

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
  steamFiles: ["Steam is closed. New games appear when it starts", "Steam ist beendet. Neue Spiele erscheinen beim Start", "Steam está cerrado. Los juegos nuevos aparecerán al iniciarlo", "Steam est fermé. Les nouveaux jeux apparaîtront à son démarrage", "Steam は終了しています。新しいゲームは起動時に表示されます", "O Steam está fechado. Os jogos novos aparecem quando ele abrir", "Steam 已关闭。启动后会出现新游戏"],
  steamNone: ["New games appear after Steam restarts", "Neue Spiele erscheinen nach einem Neustart von Steam", "Los juegos nuevos aparecerán al reiniciar Steam", "Les nouveaux jeux apparaîtront après un redémarrage de Steam", "新しいゲームは Steam の再起動後に表示されます", "Os jogos novos aparecem após reiniciar o Steam", "重启 Steam 后会出现新游戏"],
  queued: ["Changes waiting for Steam: {count}", "Änderungen, die auf Steam warten: {count}", "Cambios pendientes de Steam: {count}", "Changements en attente de Steam : {count}", "Steam を待っている変更: {count}", "Alterações à espera do Steam: {count}", "等待 Steam 的更改：{count}"],
  waitForSteam: ["Waiting for Steam: {names}", "Warten auf Steam: {names}", "A la espera de Steam: {names}", "En attente de Steam : {names}", "Steam を待っています: {names}", "À espera do Steam: {names}", "正在等待 Steam：{names}"],
  restartSteam: ["Restart Steam", "Steam neu starten", "Reiniciar Steam", "Redémarrer Steam", "Steam を再起動", "Reiniciar o Steam", "重启 Steam"],
  restartTitle: ["Restart Steam?", "Steam neu starten?", "¿Reiniciar Steam?", "Redémarrer Steam ?", "Steam を再起動しますか？", "Reiniciar o Steam?", "重启 Steam？"],
  restartText: ["Pending changes will be applied. Steam won’t restart while a game is running.", "Ausstehende Änderungen werden übernommen. Solange ein Spiel läuft, startet Steam nicht neu.", "Se aplicarán los cambios pendientes. Steam no se reiniciará mientras haya un juego en ejecución.", "Les changements en attente seront appliqués. Steam ne redémarre pas tant qu’un jeu est en cours.", "保留中の変更が適用されます。ゲームの実行中は再起動できません。", "As alterações pendentes serão aplicadas. O Steam não reinicia enquanto um jogo estiver em execução.", "待处理的更改将会应用。游戏运行时 Steam 不会重启。"],
  steamRestarted: ["Steam has restarted", "Steam wurde neu gestartet", "Steam se ha reiniciado", "Steam a redémarré", "Steam を再起動しました", "O Steam foi reiniciado", "Steam 已重新启动"],

  // Settings
  settings: ["Settings", "Einstellungen", "Ajustes", "Paramètres", "設定", "Configurações", "设置"],
  change: ["Change", "Ändern", "Cambiar", "Modifier", "変更", "Alterar", "更改"],
  advanced: ["Advanced", "Erweitert", "Avanzado", "Avancé", "詳細設定", "Avançado", "高级"],
  other: ["Other…", "Andere …", "Otro…", "Autre…", "その他…", "Outro…", "其他…"],
  sessionLanguage: ["As in Steam", "Wie in Steam", "Como en Steam", "Comme dans Steam", "Steam と同じ", "Como no Steam", "与 Steam 相同"],
  nextStart: ["Takes effect after a restart.", "Gilt nach einem Neustart.", "Se aplicará tras reiniciar.", "Prend effet après un redémarrage.", "再起動後に有効になります。", "Entra em vigor após reiniciar.", "重启后生效。"],
  listHint: ["Separate entries with commas.", "Einträge durch Kommas trennen.", "Separa las entradas con comas.", "Séparez les entrées par des virgules.", "複数の項目はコンマで区切ります。", "Separe os itens com vírgulas.", "多个条目请用逗号分隔。"],

  // “Why can the PC not find this device?”
  help: ["Help", "Hilfe", "Ayuda", "Aide", "ヘルプ", "Ajuda", "帮助"],
  helpNoNetwork: ["This device is not on a network. Connect it to the same network as your PC.", "Dieses Gerät ist mit keinem Netzwerk verbunden. Verbinde es mit dem Netzwerk deines PCs.", "Este dispositivo no está conectado a ninguna red. Conéctalo a la misma red que el PC.", "Cet appareil n’est connecté à aucun réseau. Connectez-le au même réseau que le PC.", "このデバイスはネットワークに接続されていません。PC と同じネットワークに接続してください。", "Este dispositivo não está em nenhuma rede. Conecte-o à mesma rede do PC.", "本设备未连接网络。请连接到电脑所在的网络。"],
  helpAccept: ["“Accept connections” is off. Turn it on.", "„Verbindungen annehmen“ ist aus. Schalte es ein.", "«Aceptar conexiones» está desactivado. Actívalo.", "« Accepter les connexions » est désactivé. Activez-le.", "「接続を受け付ける」がオフです。オンにしてください。", "“Aceitar conexões” está desativado. Ative-o.", "“接受连接”已关闭。请将其打开。"],
  helpListening: ["PCs cannot connect. Choose another port under “Advanced”.", "PCs können sich nicht verbinden. Wähle unter „Erweitert“ einen anderen Port.", "Los PC no pueden conectarse. Elige otro puerto en «Avanzado».", "Les PC ne peuvent pas se connecter. Choisissez un autre port dans « Avancé ».", "PC から接続できません。「詳細設定」で別のポートを選んでください。", "Os PCs não conseguem se conectar. Escolha outra porta em “Avançado”.", "电脑无法连接。请在“高级”中选择其他端口。"],
  helpMdnsOff: ["PCs can’t discover this device automatically.", "PCs können dieses Gerät nicht automatisch finden.", "Los PC no pueden detectar este dispositivo automáticamente.", "Les PC ne peuvent pas détecter cet appareil automatiquement.", "PC からこのデバイスを自動検出できません。", "Os PCs não conseguem detectar este dispositivo automaticamente.", "电脑无法自动发现本设备。"],
  helpMdnsStarting: ["This device will be visible on the network in a moment.", "Dieses Gerät ist gleich im Netzwerk sichtbar.", "Este dispositivo será visible en la red en un momento.", "Cet appareil sera visible sur le réseau dans un instant.", "まもなくネットワーク上に表示されます。", "Este dispositivo ficará visível na rede em instantes.", "本设备稍后即可在网络上被发现。"],
  helpMdnsOk: ["This device is visible on the network as “{name}”.", "Dieses Gerät ist im Netzwerk als „{name}“ sichtbar.", "Este dispositivo es visible en la red como «{name}».", "Cet appareil est visible sur le réseau sous le nom « {name} ».", "ネットワーク上に「{name}」として表示されています。", "Este dispositivo está visível na rede como “{name}”.", "本设备在网络上显示为“{name}”。"],
  helpBusy: ["{name} is connected. Only one PC can connect at a time.", "{name} ist verbunden. Nur ein PC kann zur selben Zeit verbunden sein.", "{name} está conectado. Solo puede conectarse un PC a la vez.", "{name} est connecté. Un seul PC peut se connecter à la fois.", "{name} が接続中です。同時に接続できる PC は 1 台です。", "{name} está conectado. Só um PC pode se conectar por vez.", "{name} 已连接。一次只能连接一台电脑。"],
  helpSameNet: ["Your PC and this device must be on the same network. Guest Wi-Fi and VPNs often keep devices apart.", "PC und Gerät müssen im selben Netzwerk sein. Gäste-WLAN und VPNs trennen Geräte oft voneinander.", "El PC y el dispositivo deben estar en la misma red. Las redes de invitados y las VPN suelen aislarlos.", "Le PC et l’appareil doivent être sur le même réseau. Le Wi-Fi invité et les VPN isolent souvent les appareils.", "PC とこのデバイスは同じネットワークにある必要があります。ゲスト Wi-Fi や VPN ではデバイス同士が通信できないことがあります。", "O PC e o dispositivo precisam estar na mesma rede. Wi-Fi de convidados e VPNs costumam isolar dispositivos.", "电脑与本设备须在同一网络中。访客 Wi-Fi 和 VPN 常会隔离设备。"],
  helpManual: ["You can also enter the address in the Hub:", "Du kannst die Adresse auch im Hub eingeben:", "También puedes introducir la dirección en el Hub:", "Vous pouvez aussi saisir l’adresse dans le Hub :", "Hub にアドレスを直接入力することもできます:", "Você também pode digitar o endereço no Hub:", "也可以在 Hub 中输入地址："],
  helpPort: ["Firewalls must allow TCP port {port}, and UDP port 5353 for discovery.", "Firewalls müssen TCP-Port {port} durchlassen, und UDP-Port 5353 zum Auffinden.", "Los cortafuegos deben permitir el puerto TCP {port} y, para la detección, el UDP 5353.", "Les pare-feu doivent autoriser le port TCP {port}, et le port UDP 5353 pour la détection.", "ファイアウォールで TCP ポート {port} と、検出用の UDP ポート 5353 を許可してください。", "Firewalls devem liberar a porta TCP {port} e, para a detecção, a UDP 5353.", "防火墙须放行 TCP 端口 {port}，以及用于发现的 UDP 端口 5353。"],

  // Diagnostics
  diagnostics: ["Diagnostics", "Diagnose", "Diagnóstico", "Diagnostic", "診断", "Diagnóstico", "诊断"],
  diagVersion: ["Version", "Version", "Versión", "Version", "バージョン", "Versão", "版本"],
  diagNetwork: ["Network addresses", "Netzwerkadressen", "Direcciones de red", "Adresses réseau", "ネットワークアドレス", "Endereços de rede", "网络地址"],
  diagAnnounced: ["Announced on the network (mDNS)", "Ankündigung im Netzwerk (mDNS)", "Anuncio en la red (mDNS)", "Annonce sur le réseau (mDNS)", "ネットワークへの告知 (mDNS)", "Anúncio na rede (mDNS)", "网络广播（mDNS）"],
  diagOverlay: ["Code on the screen", "Code auf dem Bildschirm", "Código en pantalla", "Code à l’écran", "画面のコード表示", "Código na tela", "屏幕上的代码"],
  diagNotices: ["Notices", "Hinweise", "Avisos", "Avis", "お知らせ", "Avisos", "通知"],
  diagLog: ["Log", "Protokoll", "Registro", "Journal", "ログ", "Registro", "日志"],
  copy: ["Copy all", "Alles kopieren", "Copiar todo", "Tout copier", "すべてコピー", "Copiar tudo", "全部复制"],
  copyHint: ["For a bug report. It is in English, and contains no codes or keys.", "Für einen Fehlerbericht. Auf Englisch, ohne Codes oder Schlüssel.", "Para informar de un fallo. Está en inglés y no contiene códigos ni claves.", "Pour un rapport de bogue. En anglais, sans codes ni clés.", "不具合の報告用です。英語で、コードや鍵は含みません。", "Para relatar um problema. Está em inglês e não contém códigos nem chaves.", "用于报告问题。内容为英文，不含代码或密钥。"],
  copied: ["Copied", "Kopiert", "Copiado", "Copié", "コピーしました", "Copiado", "已复制"],
  notCopied: ["Could not copy", "Kopieren fehlgeschlagen", "No se ha podido copiar", "Échec de la copie", "コピーできませんでした", "Não foi possível copiar", "无法复制"],

  // Toasts
  toastStarted: ["Receiving from {name}", "Wird von {name} empfangen", "Recibiendo de {name}", "Réception depuis {name}", "{name} から受信中", "Recebendo de {name}", "正在从 {name} 接收"],
  toastInstalled: ["Installed", "Installiert", "Instalado", "Installé", "インストールしました", "Instalado", "已安装"],
  toastInterrupted: ["Interrupted at {percent}", "Unterbrochen bei {percent}", "Interrumpido al {percent}", "Interrompu à {percent}", "{percent} で中断しました", "Interrompido em {percent}", "在 {percent} 处中断"],
  toastCancelled: ["Transfer canceled", "Übertragung abgebrochen", "Transferencia cancelada", "Transfert annulé", "転送がキャンセルされました", "Transferência cancelada", "传输已取消"],

  ...settingRows,
  ...refusalRows,
} satisfies Record<string, Row>;

export type TextKey = keyof typeof rows;

export const table: Record<TextKey, Row> = rows;
