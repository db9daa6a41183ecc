import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { ignoreComposingKeys } from './lib/keyboard';
import { lockTab } from './store/tabs';
import './styles.css';

ignoreComposingKeys();
lockTab();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
