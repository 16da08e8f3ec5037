import "./elements/recent.js";
import "./elements/connection.js";
import "./elements/toast-list.js";
import "./elements/connection-banner.js";
import "./elements/conversation-header.js";
import "./elements/message-list.js";
import "./elements/message-composer.js";
import "./elements/chat-list.js";
import "./elements/picture-lightbox.js";
import "./elements/sound-button.js";
import "./elements/theme-button.js";
import "./sign-out.js";
import { actAs } from "./api.js";
import { watchChime } from "./elements/chime.js";
import { watchNavigation } from "./elements/navigation.js";
import { keepOfflinePage } from "./lib/offline.js";
import { start } from "./realtime/live.js";
import { open } from "./stores/outbox.js";

const { userId, cursor, socketPath } = document.body.dataset;

actAs(userId);
watchNavigation();
watchChime(userId);
open(userId);
start({ userId, cursor, socketPath });
keepOfflinePage();
