// Pages for visitors who are not signed in. Nothing of the previous account stays in the browser.
import "./forms.js";
import { clearPrivateData } from "./stores/private-data.js";

clearPrivateData();
