import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { ignoreComposingKeys } from './lib/keyboard';
import { startSession } from './session/session';
import { lockTab } from './store/tabs';
import './styles.css';

ignoreComposingKeys();
lockTab();
void startSession();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
