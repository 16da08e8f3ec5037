// Pages for whoever is not signed in: what somebody began to write here is nothing for the next one.
import "./forms.js";
import { forgetDrafts } from "./stores/drafts.js";

forgetDrafts();
